"""The scan alone, as the engine calls it: `python3 -m benchmarks.scan CAPTURE`; MUXSHARK_PURE=1 as everywhere."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from typing import cast

from dissectors.__main__ import LITTLE_GARBAGE


def main(path: str) -> None:
    """Scan a capture to its end and say what was found; memory is treated as by the command."""
    gc.set_threshold(LITTLE_GARBAGE)
    from dissectors.mux.scan import Scanner
    from dissectors.sources.capture import open_capture

    if os.environ.get("MUXSHARK_PURE", "") in ("", "0"):
        from dissectors.mux.compiled.scan import Scanner as Compiled

        scanner = cast(Scanner, Compiled())
    else:
        scanner = Scanner()
    with open_capture(path) as capture:
        for _ in capture.lent_through(partial(scanner.read, 0, capture.walker, leave=True)):
            pass
    scanner.finish()
    counted = f"{scanner.datagrams} datagrams, {len(scanner.flows)} flows, {len(scanner.streams)} streams"
    print(f"{scanner.build}: {counted}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
