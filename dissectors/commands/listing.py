"""`muxshark list`: one line a datagram."""

from __future__ import annotations

import argparse
import os
import sys

from dissectors.commands import inputs

NAME = "list"
HELP = "one line a datagram: what it is, how sure, and what it says"
DESCRIPTION = """\
One line a datagram, in the order of the capture: frame, time, flow, protocol,
strength, summary; the file first where there are several. A narrow terminal
gets fewer columns, a pipe all of them.

A verdict may need datagrams that come later, so the first line is written when
the capture has been read to its end, also from a pipe; to watch a capture that
goes on: tcpdump -w - | muxshark live -"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    parser.add_argument("--ndjson", action="store_true", help="one JSON object a line")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the lines as they are known."""
    named = inputs.paths(options)
    from dissectors.outputs.rows import Listing, ndjson

    damage: list[str] = []
    rows = inputs.rows(named, options, damage.append)
    if options.ndjson:
        sys.stdout.writelines(f"{ndjson(row, named[row.datagram.file])}\n" for row in rows)
    else:
        from shutil import get_terminal_size

        listing = Listing(get_terminal_size().columns if sys.stdout.isatty() else 0, _names(named))
        sys.stdout.writelines(f"{listing.line(row)}\n" for row in rows)
    sys.stdout.flush()
    inputs.say(damage)
    return 0


def _names(named: list[str]) -> list[str]:
    """The files' names without their folders, as long as these tell them apart."""
    names = [os.path.basename(name) or name for name in named]
    return names if len(set(names)) == len(names) else named
