"""`muxshark list`: one line a datagram."""

from __future__ import annotations

import argparse
import shutil
import sys

from dissectors.commands import inputs

NAME = "list"
HELP = "one line a datagram: what it is, how sure, and what it says"
DESCRIPTION = "One line a datagram, in the order of the capture: frame, time, flow, protocol, strength, summary."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    parser.add_argument("--ndjson", action="store_true", help="one JSON object a line")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the lines as they are known."""
    named = inputs.paths(options)
    from dissectors.outputs.lines import clip
    from dissectors.outputs.rows import human, ndjson

    rows = inputs.rows(named, options)
    write = sys.stdout.write
    if options.ndjson:
        for row in rows:
            write(ndjson(row, named[row.datagram.file]) + "\n")
        return 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    zero: int | None = None
    for row in rows:
        zero = row.datagram.time if zero is None else zero
        line = human(row, zero)
        write((clip(line, width) if width else line) + "\n")
    return 0
