"""`muxshark diff`: compare the calls of two captures."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.report import Report

HELP = "compare the calls of two captures: headers, SDP, sizes, ports"
DESCRIPTION = "Compare the calls of two captures: outcome, sizes, headers, SDP line by line, ports and findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("first", metavar="FILE", help="the first capture; its lines start with -")
    parser.add_argument("second", metavar="FILE", help="the second one; its lines start with +")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--all", action="store_true", help="show everything, however long it gets")
    choosing.add_filter(parser, "calls")
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the differences."""
    from dissectors.outputs.export import compact
    from dissectors.outputs.terminal.comparison import text
    from dissectors.queries.comparison import compare

    names = (options.first, options.second)
    if names.count(inputs.STANDARD_INPUT) > 1:
        raise inputs.Refused("standard input can be read only once")
    whole = [inputs.whole_report([name], options) for name in names]
    inputs.say(line for each in whole for line in inputs.damage(each))
    first, second = (_selected(each, options) for each in whole)
    compared = compare(first, second)
    if options.json:
        print(compact(compared))
        return 0
    for line in text(compared, *names, everything=options.all):
        print(line)
    return 0


def _selected(report: Report, options: argparse.Namespace) -> Report:
    """What the options ask for of one of the captures."""
    from dissectors.queries.selection import select

    keep = choosing.kept(report, options)
    return select(report, keep) if keep else report
