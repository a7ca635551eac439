"""The first screen of a report: its calls with what was heard, then what was found, the worst first."""

from __future__ import annotations

from collections import Counter

from dissectors.mux.table import TABLE
from dissectors.outputs.terminal.call_table import MAX_ROWS, call_table, heard_table, worst_first
from dissectors.outputs.terminal.findings import DENSITIES, finding_lines
from dissectors.outputs.terminal.lines import BLANK, Line, Page, count, hanging, line, listed, span
from dissectors.outputs.terminal.media_lines import streams_alone
from dissectors.outputs.terminal.summary import KINDS
from dissectors.report import Report
from dissectors.wire.values import Struct

MIN_FINDING_LINES = 6
"""Lines of the screen that calls always leave to findings."""

MIN_ROWS = 3
MAX_STREAMS = 8
TABLE_LINES = 3
"""Title, head and the empty line of a table."""


class Story(Struct, frozen=True):
    """The lines of the first screen; whether all calls, and all about the findings, are among them."""

    lines: tuple[Line, ...]
    every_call: bool
    every_finding: bool


def story(page: Page, report: Report, above: int) -> Story:
    """Calls and findings, as full as fits on the screen under so many lines `above`; in full without a screen.

    The last line of a screen is the pager's, and needs to hold nothing: the last one here is empty.
    """
    room = max(page.height - above, 2 * MIN_FINDING_LINES) if page.height and not page.everything else 0
    fullest = finding_lines(page, report, DENSITIES[0], 0)
    least = len(finding_lines(page, report, DENSITIES[-1], 0)) if room else 0
    calls, every_call = _calls(page, report, max(room - least, room // 2))
    lines = fullest
    for density in DENSITIES if room and not page.explain else ():
        lines = finding_lines(page, report, density, 0)
        if len(calls) + len(lines) <= room:
            break
    else:
        if room and not page.explain:
            lines = finding_lines(page, report, DENSITIES[-1], max(room - len(calls), MIN_FINDING_LINES))
    return Story((*calls, *lines), every_call, lines == fullest)


def _calls(page: Page, report: Report, room: int) -> tuple[list[Line], bool]:
    """The calls in at most `room` lines (0 for no bound), and whether all are there: with their media if that fits."""
    numbers = [i for i, call in enumerate(report.calls) if call.kind == "call"]
    numbers.sort(key=lambda i: report.calls[i].number)
    if not numbers:
        return _without_calls(page, report), True
    others = Counter(call.kind for call in report.calls if call.kind != "call")
    named = listed(count(number, KINDS.get(kind, kind)) for kind, number in others.most_common())
    besides = [line(span(f"  besides {named}", "dim"))] if others else []
    most = min(MAX_ROWS, max(room - TABLE_LINES - len(besides), MIN_ROWS)) if room else MAX_ROWS
    every = page.everything or len(numbers) <= most
    shown = numbers if every else worst_first(report, numbers)
    lines, whole = call_table(page, report, "Calls", shown, most, media=True), True
    if room and len(lines) + len(besides) > room:
        lines = heard_table(page, report, "Calls", shown, most - (not every))
        whole = not any(report.calls[i].streams for i in numbers)
    lines[-1:-1] = besides
    return lines, whole and (every or most == MAX_ROWS)


def _without_calls(page: Page, report: Report) -> list[Line]:
    """Streams without signalling; where there are none either, what was looked for."""
    if report.streams:
        loudest = sorted(report.distinct_streams, key=lambda stream: -stream.packets)[:MAX_STREAMS]
        lines = [line(span("Media", "bold")), *streams_alone(page, loudest)]
        if len(loudest) < len(report.distinct_streams):
            lines.append(line(span(f"    … and {len(report.distinct_streams) - len(loudest):,} more, below", "dim")))
        return [*lines, BLANK]
    if report.calls:
        return []
    names = listed(spec.name for spec in TABLE if spec.role != "other")
    where = [count(report.capture.datagrams, "UDP datagram"), count(report.capture.tcp_segments, "TCP segment")]
    return [*hanging(page, line("  "), f"looked for {names} in {' and '.join(where)}", "dim"), BLANK]
