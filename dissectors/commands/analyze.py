"""`muxshark analyze`: what is in a capture, what went wrong, and what to do about it."""

from __future__ import annotations

import argparse
import json
import sys

from dissectors.commands import inputs

NAME = "analyze"
HELP = "what is in a capture: calls, SDP, streams, findings"
DESCRIPTION = "Read captures and say what is on the wire: calls with their SDP inflated, streams, checks, findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may follow the command's name."""
    inputs.add_captures(parser)
    parser.add_argument("--json", action="store_true", help="the report as one JSON document (docs/report.md)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of that document and stop")
    parser.add_argument("--all", action="store_true", help="leave nothing out, however long it gets")
    parser.add_argument(
        "--time", choices=("relative", "local", "utc"), default="relative", help="how times are shown (relative)"
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
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        report = offline.analyze(named, limits=inputs.limits(options), forced=inputs.forced(options), progress=progress)
    if options.json:
        from dissectors.outputs.export import document

        sys.stdout.writelines(document(report))
        return 0
    from dissectors.outputs.terminal import render

    sys.stdout.write(render(report, sys.stdout, clock=options.time, width=options.width, everything=options.all))
    return 0
