"""Calls and other SIP transactions in a line each, with what was heard under it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dissectors.outputs.terminal.lines import BLANK, Column, Heading, Line, Page, hanging, line, span, table
from dissectors.outputs.terminal.media_lines import LOST_COLUMNS, heard_cells, media_lines
from dissectors.outputs.terminal.moments import moment
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import OUTCOMES, SEVERITIES, outcome
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


OUTCOME = 5
"""The position of the outcome in a row."""

HEARD = ("codec", *LOST_COLUMNS.values(), "MOS")
HEARD_COLUMNS = (
    Column("", "right"), Column("start", "right", 2), Column("from", "left", 0, 6), Column(""),
    Column("to", "left", 0, 6), Column("outcome", "left", 0, 12), Column("codec", "left", 3),
    *(Column(name) for name in HEARD[1:]),
)
"""The columns of calls with what was heard in the same row."""


def call_table(
    page: Page, report: Report, title: str, numbers: Sequence[int], most: int = MAX_ROWS, media: bool = False
) -> list[Line]:
    """A row for each, at most so many (0 for all); with `media`, lines of what each direction carried under it."""
    shown = numbers if page.everything or not most else numbers[:most]
    wide = page.plain or page.width >= WIDE_CELLS
    heard = media_lines(page, report, shown) if media else {}
    rows: list[Line | Heading] = []
    for i in shown:
        rows.append((*_row(page, report, i), span(report.calls[i].call_id if wide else "", "dim")))
        rows += [Heading(each) for each in heard.get(i, ())]
    lines = [line(span(title, "bold")), *table(page, COLUMNS, rows)]
    if media and not heard and not any(report.streams):
        lines.append(line(span("  no media captured", "dim")))
    return [*lines, *_left_out(len(numbers) - len(shown)), BLANK]


def heard_table(page: Page, report: Report, title: str, numbers: Sequence[int], most: int) -> list[Line]:
    """At most so many calls with what was heard in the same row: a line each, for a page that is not high.

    What all rows have in common is said in the title: the domain of every party, the codec.
    """
    shown = numbers[:most]
    domain = _domain([address for i in shown for address in (report.calls[i].caller, report.calls[i].callee)])
    heard = [heard_cells(report, report.calls[i]) for i in shown]
    codecs = {cut["codec"].text for cut in heard if cut}
    same = len(codecs) == 1 and len(shown) > 1
    rows: list[Line | Heading] = []
    for i, cut in zip(shown, heard, strict=True):
        row = list(_row(page, report, i, domain))
        if short := OUTCOMES.get(report.calls[i].outcome):
            row[OUTCOME] = span(short, row[OUTCOME].style)
        given = [cut.get(name, span("")) if name != "codec" or not same else span("") for name in HEARD]
        rows.append((*row, *given))
    said = [f"all {domain}"] if domain else []
    said += [*codecs] if same else []
    lines = table(page, HEARD_COLUMNS, rows)
    said += [lines.pop()[-1].text.strip()] if len(lines) > len(rows) + 1 else []
    said += ["packets and jitter: below"] if codecs else []
    head = hanging(page, line(span(title, "bold"), "   "), " · ".join(said), "dim", indent=2)
    return [*head, *lines, *_left_out(len(numbers) - len(shown)), BLANK]


def _row(page: Page, report: Report, number: int, domain: str = "") -> Line:
    """Number, start, parties (without a domain that all have) and outcome of a call."""
    call = report.calls[number]
    kind = "" if call.kind == "call" else f"{call.kind}, "
    return (
        span(report.number_of(number), "dim"), span(moment(page, call.start), "dim"),
        span(party(call.caller).removesuffix(domain)), span("→"), span(party(call.callee).removesuffix(domain)),
        span(kind + outcome(call), OUTCOME_STYLES.get(call.outcome, "")),
    )


def _left_out(more: int) -> list[Line]:
    return [line(span(f"  … and {more:,} more (--all)", "dim"))] if more else []


def _domain(addresses: Sequence[str | None]) -> str:
    """`@example.org` where every one of several addresses ends so; else nothing."""
    ends = {"".join(party(address).rpartition("@")[1:]) for address in addresses}
    return ends.pop() if len(ends) == 1 and all(address and "@" in address for address in addresses) else ""


def worst_first(report: Report, numbers: Iterable[int]) -> list[int]:
    """Positions of calls, those with the worst findings first."""
    rank: dict[int, int] = {}
    for finding in report.findings:
        if finding.call is not None:
            severity = SEVERITIES.index(finding.severity)
            rank[finding.call] = min(severity, rank.get(finding.call, severity))
    return sorted(numbers, key=lambda i: rank.get(i, len(SEVERITIES)))
