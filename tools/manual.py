"""The manual pages of the command line: `python3 -m tools.manual FOLDER` writes them."""
from __future__ import annotations

import sys
from pathlib import Path

from dissectors.cli import parser
from dissectors.outputs.manual import pages
from dissectors.version import __version__


def write(folder: Path) -> list[Path]:
    """Write every page into a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, text in pages(parser(), __version__).items():
        made.append(folder / name)
        made[-1].write_text(text, encoding="utf-8", newline="\n")
    return made


if __name__ == "__main__":
    write(Path(sys.argv[1]))
