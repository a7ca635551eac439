"""`python -m dissectors`, and where the command `muxshark` begins."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130
LITTLE_GARBAGE = 200_000
"""Objects between two collections. A report is made of values that hold no cycles: there is next to nothing to find."""


def main() -> int:
    """Run the command line; an interruption while it is still being imported ends in silence, too."""
    gc.set_threshold(LITTLE_GARBAGE)
    try:
        from dissectors.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
