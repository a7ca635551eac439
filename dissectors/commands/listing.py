"""`muxshark list`: print one line per datagram."""

from __future__ import annotations

import argparse
import os
import sys

from dissectors.commands import inputs

NAME = "list"
HELP = "print one line per datagram: protocol, certainty, summary"
DESCRIPTION = """\
Print one line per datagram, in the order of the capture: frame, time, flow,
protocol, strength, summary. With several files, the file comes first. A narrow
terminal gets fewer columns, a pipe gets all of them.

A verdict may need later datagrams. So the first line comes when the capture
has been read to its end, also from a pipe. To watch a running capture:
tcpdump -w - | muxshark live -"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    inputs.add_captures(parser)
    parser.add_argument("--ndjson", action="store_true", help="one JSON object per line")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the lines, in order."""
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
    """The file names without folders, or with folders if two names would be equal."""
    names = [os.path.basename(name) or name for name in named]
    return names if len(set(names)) == len(names) else named
