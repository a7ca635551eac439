"""Two ends of aiortc over bad links: what they count, beside what muxshark counts."""

import sys

from tools.interop.sessions import peers, told

if __name__ == "__main__":
    sys.exit(told.main("aiortc", peers.run))
