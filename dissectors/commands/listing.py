"""`muxshark list`: print one line per datagram."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.mux.scan import Row
    from dissectors.queries.expressions import Expression

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
    choosing.add_filter(parser, "datagrams")
    choosing.add_time(parser)
    choosing.add_clock(parser)
    parser.add_argument("--ndjson", action="store_true", help="one JSON object per line")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the lines, in order."""
    named = inputs.timeline(options)
    from dissectors.outputs.rows import Listing, ndjson

    damage: list[str] = []
    origin: list[int] = []
    rows = _matching(named, options, damage, origin)
    if options.ndjson:
        sys.stdout.writelines(f"{ndjson(row, named[row.datagram.file], options.secrets)}\n" for row in rows)
    else:
        from shutil import get_terminal_size

        width = get_terminal_size().columns if sys.stdout.isatty() else 0
        listing = Listing(width, _names(named), options.clock, options.secrets)
        for row in rows:
            listing.zero = origin[0] if listing.zero is None else listing.zero
            sys.stdout.write(f"{listing.line(row)}\n")
        if listing.dropped and sys.stderr is not None and sys.stderr.isatty():
            damage.append(f"no room for: {', '.join(listing.dropped)}; a wider terminal or a pipe has all columns")
    sys.stdout.flush()
    inputs.say(damage)
    return 0


def _matching(
    named: list[str], options: argparse.Namespace, damage: list[str], origin: list[int]
) -> Iterator[Row]:
    """The datagrams that the options ask for; `origin` gets the time of the first one, wanted or not.

    What only a report knows needs one of the same captures first.
    """
    report, keep = None, options.filter
    if options.call or keep and _needs_report(keep):
        if inputs.STANDARD_INPUT in named:
            raise inputs.Refused("a filter that asks for calls reads the capture twice; save it to a file first")
        report = inputs.whole_report(named, options)
        keep = choosing.kept(report, options)
    rows = _from(inputs.rows(named, options, damage.append), origin)
    if options.time:
        rows = _within(rows, options, origin)
    if keep:
        from dissectors.queries.datagrams import Datagrams

        rows = filter(Datagrams(keep, report), rows)
    return rows


def _needs_report(keep: Expression) -> bool:
    from dissectors.queries.datagrams import needs_report

    return needs_report(keep)


def _from(rows: Iterator[Row], origin: list[int]) -> Iterator[Row]:
    first = next(rows, None)
    if first is not None:
        origin.append(first.datagram.time)
        yield first
    yield from rows


def _within(rows: Iterator[Row], options: argparse.Namespace, origin: list[int]) -> Iterator[Row]:
    """The datagrams within `--time`."""
    window = None
    for row in rows:
        zero, time = origin[0] / 1e9, row.datagram.time / 1e9
        window = window or options.time.window(zero, None, options.clock != "local")
        if window.overlaps(zero, time, time):
            yield row


def _names(named: list[str]) -> list[str]:
    """The file names without folders, or with folders if two names would be equal."""
    names = [os.path.basename(name) or name for name in named]
    return names if len(set(names)) == len(names) else named
