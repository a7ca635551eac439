"""`import muxshark`: the door for programs by the name of the project; `python -m muxshark`: the command.

Everything is that of `dissectors`, which docs/library.md shows.
"""

from __future__ import annotations

from dissectors import CaptureError as CaptureError
from dissectors import Malformed as Malformed
from dissectors import __version__ as __version__
from dissectors import analyze as analyze
from dissectors import analyze_packets as analyze_packets
from dissectors import classify as classify
from dissectors import datagrams as datagrams
from dissectors import parse as parse
from dissectors import rows as rows
from dissectors import scapy_ext as scapy_ext

__all__ = [
    "CaptureError", "Malformed", "__version__", "analyze", "analyze_packets", "classify", "datagrams", "parse", "rows",
]

if __name__ == "__main__":
    from dissectors.__main__ import main

    main()
