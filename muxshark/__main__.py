"""`python -m muxshark`: the command, as `python -m dissectors` and `muxshark` run it."""

from __future__ import annotations

from dissectors.__main__ import main

if __name__ == "__main__":
    main()
