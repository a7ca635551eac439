"""Kamailio's gzcompress inflates what `muxshark normalise --compress` wrote, replayed to it."""

import sys

from tools.interop.sessions import gzcompress, told

if __name__ == "__main__":
    sys.exit(told.main("gzcompress", gzcompress.run))
