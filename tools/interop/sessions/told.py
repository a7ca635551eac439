"""The command line of a comparison: it prints a table, and exits with 0 where all agree."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.interop.sessions.network import Missing
from tools.interop.sessions.results import Row, shown


def main(name: str, run: Callable[[Path, str], list[Row]]) -> int:
    """Run a program and print the table; 0 where all agree, 1 where not, 2 where something lacks."""
    parser = argparse.ArgumentParser(prog=f"run.py interop {name}")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the captures there")
    parser.add_argument("--python", default=sys.executable, metavar="PROGRAM", help="a Python that has aiortc")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muxshark-interop-") as scratch:
        folder = (chosen.keep or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            rows = run(folder, chosen.python)
        except Missing as missing:
            print(f"{name}: {missing}", file=sys.stderr)
            return 2
    print(shown(name, rows), end="", flush=True)
    return 0 if all(row.agrees for row in rows) else 1
