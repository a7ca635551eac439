"""Kamailio's sipcapture and sngrep listen to HEP: what they store of what `muxshark export --hep` sends."""

import sys

from tools.interop.sessions import hep, told

if __name__ == "__main__":
    sys.exit(told.main("hep", hep.run))
