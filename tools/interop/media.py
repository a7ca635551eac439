"""Phones and browsers that are given a voice to send: it beside what `muxshark media` hears of their calls."""

import sys

from tools.interop.sessions import heard, told

if __name__ == "__main__":
    sys.exit(told.main("media", heard.run))
