"""`muxshark analyze`: report what is in a capture, what went wrong, and what to do."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs
from dissectors.commands.reporting import nothing_left, read_whole, render, selected

if TYPE_CHECKING:
    from dissectors.report import Report

NO_TEXTS = {
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt"), "--html FILE writes a page, which a browser prints as PDF"),
    **dict.fromkeys((".csv", ".xls", ".xlsx", ".parquet", ".sqlite", ".db"), "muxshark export writes tables"),
    **dict.fromkeys((".pcap", ".pcapng", ".cap"), "-w FILE keeps the frames of what -Y, --call or --time selects"),
}
"""Endings that no report has, and what writes such a file."""

NO_PAGES = (".pdf", ".json", ".txt", ".csv", ".md", ".doc", ".docx", ".pcap", ".pcapng", ".cap")
SORTS = ("name", "calls", "failed", "worst", "loss", "mos")
HELP = "report on a capture: calls, SDP, streams, findings"
DESCRIPTION = "Read captures and report calls with their inflated SDP, streams, STUN checks and findings."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    inputs.add_captures(parser)
    formats = parser.add_mutually_exclusive_group()
    inputs.add_format(formats, "the report as one JSON document (docs/report.md)")
    formats.add_argument(
        "--brief", dest="format", action="store_const", const="brief", help="one line per capture and per call"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the report to FILE; its ending selects the format"
    )
    parser.add_argument(
        "--html", metavar="FILE",
        help="write the report to FILE as one page to send; with --each, a folder of pages (docs/page.md)"
    )
    parser.add_argument(
        "--anonymous", action="store_true",
        help="with --html: other names, numbers and addresses in the page, as muxshark anonymise writes them",
    )
    parser.set_defaults(originals=(), clips=())
    parser.add_argument(
        "--encryption", action="store_true", help="read all payloads, and judge whether they are really encrypted"
    )
    parser.add_argument(
        "--audio", action="store_true",
        help="decode the sound of calls, and say what is wrong with it (clipping, silence, echo); with --html, "
        "put it in the page",
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of that document and stop")
    parser.add_argument(
        "--all", action="store_true", help="show everything, however long it gets: calls that ended well, too"
    )
    parser.add_argument(
        "--explain", action="store_true", help="say of every finding why it matters and what to do, also of notes"
    )
    inputs.add_colour(parser)
    parser.add_argument("--no-pager", action="store_true", help="print a long report on a terminal at once")
    choosing.add_clock(parser)
    choosing.add_filter(parser, "calls, streams and flows")
    choosing.add_time(parser)
    parser.add_argument(
        "-w", dest="write", metavar="FILE", help="write the frames of what -Y, --call or --time selects to a capture",
    )
    parser.add_argument("--force", action="store_true", help="replace the FILE of -o, --html or -w if it exists")
    parser.add_argument(
        "--fail-on", action="append", default=[], type=inputs.finding, metavar="ID",
        help="exit with status 1 if there is such a finding; a severity includes the worse ones",
    )
    parser.add_argument(
        "--what-if", choices=("compress",), help="show the size of the messages with compressed bodies"
    )
    parser.add_argument("--width", type=inputs.positive, metavar="CELLS", help="format for this many columns")
    parser.add_argument(
        "--each", action="store_true",
        help="treat files, folders and patterns as unrelated captures: a summary, then one report per capture",
    )
    parser.add_argument(
        "--sort", choices=SORTS, help="with --each, sort the summary: by name, or the worst first (name)"
    )
    parser.add_argument(
        "--jobs", type=inputs.positive, metavar="N", help="with --each, read N files at once (one per processor)"
    )
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    if options.schema:
        import json

        from dissectors.outputs.schema import schema

        print(json.dumps(schema(), indent=2))
        return 0
    named = inputs.paths(options) if options.each else inputs.timeline(options)
    if options.html:
        if options.output or options.format:
            raise inputs.Refused("--html FILE is a format and a file; it takes neither -o nor another format")
        options.output, options.format = None if options.each else options.html, "html"
    if options.each and not options.html and inputs.report_format(options).single:
        raise inputs.Refused("--each makes one document of all captures; a page is of one report")
    inputs.report_format(options)
    if options.each and options.anonymous:
        raise inputs.Refused("--anonymous makes the page of one report; it does not go with --each")
    if options.audio and (options.each or options.anonymous):
        raise inputs.Refused("--audio listens to the calls of one report, whose voices tell who speaks; it goes with "
                             "neither --each nor --anonymous")
    if options.each and options.write:
        raise inputs.Refused("--each reports on unrelated files; it does not take -w")
    if options.each and options.output:
        raise inputs.Refused("--each writes to standard output; it does not take -o")
    if options.each:
        from dissectors.commands import each

        return each.run(options, named)
    for name in ("jobs", "sort"):
        if getattr(options, name):
            raise inputs.Refused(f"--{name} needs --each")
    if folder := next(filter(os.path.isdir, named), None):
        raise inputs.Refused(f"{folder}: a directory; analyze --each {folder} reads every capture in it")
    if options.output == inputs.STANDARD_INPUT:
        options.output = None
    if options.output:
        from dissectors.rewriting.output import refuse

        refuse(options.output, force=options.force, inputs=named)
        refuse_ending(options)
    with ExitStack() as stack:
        if options.anonymous:
            from dissectors.commands.page import anonymous

            named = anonymous(stack, named, options)
        report, status = _written(named, options) if options.write else _read(named, options)
        options.made.append(report)
        _write(report, options)
    if not inputs.report_format(options).for_people and (nothing := nothing_left(report, options)):
        inputs.say([nothing])
    return status


def _write(report: Report, options: argparse.Namespace) -> None:
    if options.output:
        with open(options.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(render(report, options, file))
        return
    from dissectors.commands.paging import page

    plain = options.no_pager or not inputs.report_format(options).for_people
    page(render(report, options, sys.stdout), sys.stdout, plain)


def refuse_ending(options: argparse.Namespace) -> None:
    """Raise Refused where a page, or a text, would get the ending of another kind of file."""
    ending = os.path.splitext(options.output)[1].lower()
    if not options.html and not options.format and (instead := NO_TEXTS.get(ending)):
        raise inputs.Refused(f"{options.output}: a report is text, JSON or HTML; {instead}")
    if options.html and ending in NO_PAGES:
        raise inputs.Refused(f"{options.output}: --html writes a page, which ends in .html; a browser prints it as PDF")


def _read(named: list[str], options: argparse.Namespace) -> tuple[Report, int]:
    from dissectors.outputs.progress import Progress

    with Progress(sys.stderr) as progress:
        report, status = read_whole(named, options, progress)
    return selected(report, options), status


def _written(named: list[str], options: argparse.Namespace) -> tuple[Report, int]:
    """The report, the frames of its selection written to the capture of `-w`."""
    from contextlib import ExitStack

    from dissectors.commands.split import not_alone
    from dissectors.outputs.progress import Progress
    from dissectors.queries.owned import of_selection
    from dissectors.rewriting import split
    from dissectors.rewriting.output import refuse
    from dissectors.sources.rereadable import rereadable
    from dissectors.wire.values import replace

    if not (options.filter or options.call or options.time):
        raise inputs.Refused("-w writes what -Y, --call or --time selects; name one of them")
    if options.write == inputs.STANDARD_INPUT:
        raise inputs.Refused("-w writes to a file; the report goes to standard output")
    refuse(options.write, force=options.force, inputs=named)
    with ExitStack() as stack:
        paths = [rereadable(stack, path) for path in named]
        with Progress(sys.stderr) as progress:
            whole, status = read_whole(paths, options, progress)
        files = zip(whole.capture.files, named, strict=True)
        capture = replace(whole.capture, files=tuple(replace(file, name=name) for file, name in files))
        report = selected(replace(whole, capture=capture), options)
        written = split.into_file(
            paths, of_selection(whole, report), options.write, force=options.force, keys=inputs.keys(options)
        )
    inputs.say([f"{options.write}: {written.frames[0]:,} frames", *not_alone(written, 0, options.write)])
    return report, status
