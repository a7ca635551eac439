"""`muxshark analyze`: what is in a capture, what went wrong, and what to do about it."""

from __future__ import annotations

import argparse
import sys

from dissectors.commands import inputs
from dissectors.commands.reporting import nothing_left, read_report, render

NAME = "analyze"
HELP = "what is in a capture: calls, SDP, streams, findings"
DESCRIPTION = "Read captures and say what is on the wire: calls with their SDP inflated, streams, checks, findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    inputs.add_format(parser, "the report as one JSON document (docs/report.md)")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the report there; without --format the name's ending says which"
    )
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
    )
    parser.add_argument(
        "--time", type=inputs.window, metavar="FROM..TO", help="show only what was there then (seconds from the start)"
    )
    parser.add_argument(
        "--fail-on", action="append", default=[], type=inputs.finding, metavar="ID",
        help="exit with status 1 when there is such a finding; a severity stands for itself and the worse ones",
    )
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
    if options.each and options.output:
        raise inputs.Refused("--each writes to standard output: what would -o name?")
    if options.each:
        from dissectors.commands import each

        return each.run(options, named)
    if options.jobs:
        raise inputs.Refused("--jobs says how many files --each reads at once")
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        report, status = read_report(named, options, progress)
    if options.output:
        with open(options.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(render(report, options, file))
    else:
        sys.stdout.writelines(render(report, options, sys.stdout))
    if not inputs.report_format(options).for_people and (nothing := nothing_left(report, options)):
        inputs.say([nothing])
    return status
