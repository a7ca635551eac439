"""`muxshark analyze`: what is in a capture, what went wrong, and what to do about it."""

from __future__ import annotations

import argparse
import json
import sys

from dissectors.commands import inputs

NAME = "analyze"
HELP = "what is in a capture: calls, SDP, streams, findings"
FOUND = 1
DESCRIPTION = "Read captures and say what is on the wire: calls with their SDP inflated, streams, checks, findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    parser.add_argument("--json", action="store_true", help="the report as one JSON document (docs/report.md)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of that document and stop")
    parser.add_argument("--all", action="store_true", help="leave nothing out, however long it gets")
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
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    if options.schema:
        from dissectors.outputs.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    named = inputs.paths(options)
    from dissectors import offline
    from dissectors.analysis.findings.rules import matching
    from dissectors.analysis.selection import select
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        report = offline.analyze(named, limits=inputs.limits(options), forced=inputs.forced(options), progress=progress)
    status = FOUND if matching(report.findings, options.fail_on) else 0
    if options.filter or options.time:
        report = select(report, options.filter, options.time)
    if options.json:
        from dissectors.outputs.export import document

        sys.stdout.writelines(document(report))
        return status
    from dissectors.outputs.terminal import render

    sys.stdout.write(
        render(
            report,
            sys.stdout,
            clock=options.clock,
            width=options.width,
            everything=options.all,
            weighed=options.what_if is not None,
        )
    )
    return status
