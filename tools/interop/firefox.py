"""Headless Firefox in a session with itself: its getStats, beside what muxshark counts."""

import sys

from tools.interop.sessions import browsers, told

if __name__ == "__main__":
    sys.exit(told.main("firefox", browsers.firefox))
