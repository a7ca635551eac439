"""`muxshark analyze`: what is in a capture, what went wrong, and what to do about it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.analysis.report import Report

NAME = "analyze"
HELP = "what is in a capture: calls, SDP, streams, findings"
FOUND = 1
DESCRIPTION = "Read captures and say what is on the wire: calls with their SDP inflated, streams, checks, findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    parser.add_argument("--json", action="store_true", help="the report as one JSON document (docs/report.md)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of that document and stop")
    parser.add_argument(
        "--all", action="store_true", help="leave nothing out, however long it gets: calls that ended well, too"
    )
    parser.add_argument(
        "--clock", choices=("relative", "local", "utc"), default="relative", help="how times are shown (relative)"
    )
    parser.add_argument(
        "-Y", dest="filter", type=inputs.wanted, metavar="FILTER",
        help="show only what fits, for instance 'user==alice and status==4xx' (docs/filters.md)",
    )  # fmt: skip
    parser.add_argument(
        "--time", type=inputs.window, metavar="FROM..TO", help="show only what was there then (seconds from the start)"
    )
    parser.add_argument(
        "--fail-on", action="append", default=[], type=inputs.finding, metavar="ID",
        help="exit with status 1 when there is such a finding; a severity stands for itself and the worse ones",
    )  # fmt: skip
    parser.add_argument(
        "--what-if", choices=("compress",), help="say what the messages would weigh with compressed bodies"
    )
    parser.add_argument("--width", type=inputs.positive, metavar="CELLS", help="lay out for this many columns")
    parser.add_argument(
        "--each", action="store_true", help="take the files as unrelated captures: a report for each, and a summary"
    )
    parser.add_argument(
        "--jobs", type=inputs.positive, metavar="N", help="with --each, read so many files at once (the processors)"
    )
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    if options.schema:
        import json

        from dissectors.outputs.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    named = inputs.paths(options)
    if options.each:
        from dissectors.commands import each

        return each.run(options, named)
    if options.jobs:
        raise inputs.Refused("--jobs says how many files --each reads at once")
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        report, status = reported(named, options, progress)
    sys.stdout.writelines(told(report, options))
    if options.json and (nothing := _nothing(report, options)):
        inputs.say([nothing])
    return status


def reported(
    named: list[str], options: argparse.Namespace, progress: Callable[[int], None] | None = None
) -> tuple[Report, int]:
    """The report on captures, with what was asked for, and the exit status that it leads to."""
    from dissectors import offline
    from dissectors.analysis.findings.rules import matching

    everything = bool(options.all or options.filter or options.time)
    report = offline.analyze(
        named, limits=inputs.limits(options), forced=inputs.forced(options), progress=progress, everything=everything
    )
    status = FOUND if matching(report.findings, options.fail_on) else 0
    if options.filter or options.time:
        from dissectors.analysis.selection import select

        report = select(report, options.filter, options.time)
    return report, status


def told(report: Report, options: argparse.Namespace) -> Iterator[str]:
    """The report as text, piece by piece: JSON, or for people as wide and coloured as standard output allows."""
    if options.json:
        from dissectors.outputs.export import document

        yield from document(report)
        return
    from dissectors.outputs.terminal import render

    yield render(
        report,
        sys.stdout,
        clock=options.clock,
        width=options.width,
        everything=options.all,
        weighed=options.what_if is not None,
        nothing=_nothing(report, options),
    )


def _nothing(report: Report, options: argparse.Namespace) -> str:
    """What to say where a filter or a window has left nothing of the report, else an empty text."""
    if not (options.filter or options.time):
        return ""
    from dissectors.analysis.selection import nothing_left

    if not nothing_left(report, bool(options.filter)):
        return ""
    return "nothing fits the filter" if options.filter else "nothing was there at that time"
