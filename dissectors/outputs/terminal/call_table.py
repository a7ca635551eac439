"""Calls and other SIP transactions in a line each, with what was heard under it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dissectors.outputs.terminal.lines import BLANK, Column, Heading, Line, Page, line, span, table
from dissectors.outputs.terminal.media_lines import media_lines
from dissectors.outputs.terminal.moments import moment
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import SEVERITIES, outcome
from dissectors.report import Report

MAX_ROWS = 20
OUTCOME_STYLES = {
    "ended": "green", "established": "green", "answered": "green", "registered": "green", "rejected": "red",
    "refused": "red", "unreachable": "red", "unanswered": "red", "abandoned": "yellow", "cancelled": "yellow",
    "ringing": "yellow", "fragment": "yellow",
}
COLUMNS = (
    Column("", "right"), Column("start", "right", 2), Column("from", "left", 0, 6), Column(""),
    Column("to", "left", 0, 6), Column("outcome", "left", 0, 12), Column("Call-ID", "left", 3),
)
WIDE_CELLS = 120
"""From so many cells on there is room for Call-IDs."""


def call_table(
    page: Page, report: Report, title: str, numbers: Sequence[int], most: int = MAX_ROWS, media: bool = False
) -> list[Line]:
    """A row for each, at most so many (0 for all); with `media`, lines of what each direction carried under it."""
    shown = numbers if page.everything or not most else numbers[:most]
    wide = page.plain or page.width >= WIDE_CELLS
    heard = media_lines(page, report, shown) if media else {}
    rows: list[Line | Heading] = []
    for i in shown:
        call = report.calls[i]
        kind = "" if call.kind == "call" else f"{call.kind}, "
        rows.append((
            span(report.number_of(i), "dim"), span(moment(page, call.start), "dim"),
            span(party(call.caller)), span("→"), span(party(call.callee)),
            span(kind + outcome(call), OUTCOME_STYLES.get(call.outcome, "")), span(call.call_id if wide else "", "dim"),
        ))
        rows += [Heading(each) for each in heard.get(i, ())]
    lines = [line(span(title, "bold")), *table(page, COLUMNS, rows)]
    if media and not heard and not any(report.streams):
        lines.append(line(span("  no media captured", "dim")))
    if len(shown) < len(numbers):
        lines.append(line(span(f"  … and {len(numbers) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def worst_first(report: Report, numbers: Iterable[int]) -> list[int]:
    """Positions of calls, those with the worst findings first."""
    rank: dict[int, int] = {}
    for finding in report.findings:
        if finding.call is not None:
            severity = SEVERITIES.index(finding.severity)
            rank[finding.call] = min(severity, rank.get(finding.call, severity))
    return sorted(numbers, key=lambda i: rank.get(i, len(SEVERITIES)))
