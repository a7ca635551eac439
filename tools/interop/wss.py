"""SIP.js in headless Chromium calls itself over WSS through Kamailio: what both ends said, and what muxshark reads."""

import sys

from tools.interop.sessions import told, wss

if __name__ == "__main__":
    sys.exit(told.main("wss", wss.run))
