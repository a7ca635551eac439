"""`python -m dissectors`, and where the command `muxshark` begins."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line; an interruption while it is still being imported ends in silence, too."""
    try:
        from dissectors.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
