"""SignalWire's Verto client in headless Chromium calls itself: what both ends said, and what muxshark reads."""

import sys

from tools.interop.sessions import told, verto

if __name__ == "__main__":
    sys.exit(told.main("verto", verto.run))
