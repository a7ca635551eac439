"""How `analyze` and `analyze --each` make the report and write it."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from dissectors.commands import choosing, inputs

if TYPE_CHECKING:
    from dissectors.crypto.secrets import Secrets
    from dissectors.report import Report

FOUND = 1
"""The exit status when `--fail-on` found something."""

GARBAGE_OF_READING = 2_000_000
"""Objects between two collections while captures are read to their end, whose tables are bounded: no cycle is left by
any of it, and to look for some would be a twentieth of the time, of hostile captures a tenth."""


def read_report(
    named: list[str], options: argparse.Namespace, progress: Callable[[int], None] | None = None
) -> tuple[Report, int]:
    """The report on captures, with the filters of the options, and the exit status."""
    report, status = read_whole(named, options, progress)
    return selected(report, options), status


def read_whole(
    named: list[str], options: argparse.Namespace, progress: Callable[[int], None] | None = None
) -> tuple[Report, int]:
    """The report on captures before any filter, and the exit status."""
    from dissectors import offline
    from dissectors.findings.rules import matching

    gc.set_threshold(GARBAGE_OF_READING)
    given = inputs.keys(options)
    if options.audio:
        given = given or _no_keys(named)
    everything = bool(options.all or options.filter or options.time or options.call)
    report = offline.analyze(
        named, limits=inputs.limits(options), forced=inputs.forced(options), progress=progress, everything=everything,
        keys=given, secrets=options.secrets, encryption=options.encryption,
    )
    if options.audio:
        report = listened(report, named, given, options)
    return report, FOUND if matching(report.findings, options.fail_on) else 0


def _no_keys(named: list[str]) -> Secrets:
    """Room for the keys that captures have themselves; raises Refused where sound cannot be listened to."""
    from dissectors.crypto.secrets import Secrets

    if inputs.STANDARD_INPUT in named:
        raise inputs.Refused("--audio reads a capture twice; name a file")
    return Secrets()


def listened(report: Report, named: list[str], given: Secrets | None, options: argparse.Namespace) -> Report:
    """The report with what its calls sound like; a page gets the sound itself, in the options."""
    from contextlib import ExitStack

    from dissectors.crypto.secrets import Secrets
    from dissectors.media import listening
    from dissectors.sources.capture import merge, open_capture

    with ExitStack() as stack:
        records = merge([stack.enter_context(open_capture(path)) for path in named])
        found, notes = listening.listen(report, given or Secrets(), records, stack)
        inputs.say(notes)
        if options.html:
            from dissectors.media.clips import clips

            options.clips = clips(report, found)
        return listening.heard(report, found)


def selected(report: Report, options: argparse.Namespace) -> Report:
    """What the options ask for: `--call` names one, `-Y` says what fits, `--time` when; all of it without them."""
    if not (options.filter or options.time or options.call):
        return report
    from dissectors.queries.selection import select

    capture, asked = report.capture, options.time
    window = asked and asked.window(capture.first, capture.last, options.clock != "local")
    return select(report, choosing.kept(report, options), window)


def render(report: Report, options: argparse.Namespace, stream: TextIO) -> Iterator[str]:
    """The report in the format of the options, piece by piece; `stream` decides its width and colours."""
    from dissectors.outputs.view import View

    form = inputs.report_format(options)
    view = View(
        stream,
        clock=options.clock,
        width=options.width,
        everything=options.all,
        weighed=options.what_if is not None,
        nothing=nothing_left(report, options),
        explain=options.explain,
        colour=options.colour,
    )
    if form.name == "html":
        from dissectors.commands.page import with_origin

        view = with_origin(view, report, options)
    return form.write(report, view)


def nothing_left(report: Report, options: argparse.Namespace) -> str:
    """A message if a filter or a window has left nothing of the report, else an empty text."""
    if not (options.filter or options.time or options.call):
        return ""
    from dissectors.queries import selection

    if not selection.nothing_left(report, bool(options.filter)):
        return ""
    if options.filter or not options.time:
        return "nothing matches the filter"
    return f"nothing was there at that time: the capture {_span(report, options.clock)}"


def _span(report: Report, clock: str) -> str:
    """When the capture begins and ends, in the clock in which times are read."""
    from dissectors.outputs.terminal.lines import Page
    from dissectors.outputs.terminal.moments import day, zone

    first, last = report.capture.first, report.capture.last
    if first is None or last is None:
        return "has no time"
    page = Page(clock=clock)
    return f"is of {day(page, first)[:19]} to {day(page, last)[:19]} {zone(page, first)}, {last - first:.1f} s"
