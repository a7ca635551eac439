"""tshark without a plugin, sngrep and dpkt read what `muxshark normalise` wrote of a capture of FaceTime."""

import sys

from tools.interop.sessions import readers, told

if __name__ == "__main__":
    sys.exit(told.main("readers", readers.run))
