"""`python -m dissectors`, and where the command `muxshark` begins."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn

UNUSABLE, INTERRUPTED = 2, 130
LITTLE_GARBAGE = 200_000
"""Objects between two collections. A report is made of values that hold no cycles: there is next to nothing to find."""


def main() -> NoReturn:
    """Run the command line; an interruption while it is still being imported ends in silence, too."""
    gc.set_threshold(LITTLE_GARBAGE)
    try:
        from dissectors.cli import main as run

        status = run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except ModuleNotFoundError as error:
        from dissectors.commands.doctor import PACKAGES

        if error.name not in PACKAGES:
            raise
        sys.stderr.write(f"muxshark: the Python package {error.name} is missing: pip install {error.name}\n")
        status = UNUSABLE
    except MemoryError:
        sys.stderr.write("muxshark: there is not enough memory\n")
        status = UNUSABLE
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    # Everything is written and closed. To take the interpreter apart, object by object, would be a twentieth of it all.
    os._exit(status)


if __name__ == "__main__":
    main()
