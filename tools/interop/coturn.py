"""coturn, asked by a client of ours: what it grants and refuses, beside what muxshark says of it."""

import sys

from tools.interop.sessions import coturn, told

if __name__ == "__main__":
    sys.exit(told.main("coturn", coturn.run))
