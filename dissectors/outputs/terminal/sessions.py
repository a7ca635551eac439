"""Sessions: both sides with their ICE fragments and roles, and the life of each pair of candidates."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import (
    BLANK,
    Column,
    Heading,
    Line,
    Page,
    count,
    flowing,
    hanging,
    line,
    span,
    table,
)
from dissectors.outputs.terminal.moments import moment
from dissectors.report import Pair, Report, Session, Side
from dissectors.wire.datagram import endpoint

MAX_SESSIONS, MAX_PAIRS = 6, 6
STACKED_BELOW_CELLS = 64
"""On a page with fewer cells, lines replace the table."""

STYLES = {"lost": "red", "waiting": "yellow", "used": "green"}
COLUMNS = (
    Column(""), Column("from"), Column(""), Column("to"), Column("state"), Column("asked", "right", 2),
    Column("answered", "right", 3), Column("first", "right", 4), Column("checked", "right", 5),
    Column("nominated", "right", 6), Column("used", "right", 7), Column("lost", "right", 1),
)


def sessions(page: Page, report: Report) -> list[Line]:
    """Each session with its pairs; those of which a pair was lost or none was used come first."""
    told = [each for each in report.sessions if each.checks]
    if not told:
        return []
    ordered = told if page.everything else sorted(told, key=_is_well)[:MAX_SESSIONS]
    lines = [line(span("Sessions", "bold"))]
    if not page.plain and page.width < STACKED_BELOW_CELLS:
        for session in ordered:
            lines += hanging(page, line("  "), _sides(report, session), "bold", indent=4)
            for pair in _pairs(page, session):
                lines += _stacked(page, pair)
    else:
        rows: list[Line | Heading] = []
        for session in ordered:
            rows.append(Heading(line(span(_sides(report, session), "bold"))))
            rows += [_row(page, pair) for pair in _pairs(page, session)]
        lines += table(page, COLUMNS, rows)
    left = len(told) - len(ordered)
    pairs = sum(len(each.pairs) - len(_pairs(page, each)) for each in ordered)
    if left or pairs:
        more = [count(left, "session")] if left else []
        more += [count(pairs, "pair")] if pairs else []
        lines.append(line(span(f"  … and {' and '.join(more)} more (--all)", "dim")))
    return [*lines, BLANK]


def _is_well(session: Session) -> bool:
    states = {pair.state for pair in session.pairs}
    return "used" in states and "lost" not in states


def _pairs(page: Page, session: Session) -> tuple[Pair, ...]:
    return session.pairs if page.everything else session.pairs[:MAX_PAIRS]


def _sides(report: Report, session: Session) -> str:
    """`AAAA (controlling) ⇄ BBBB (controlled), call 1`."""
    sides = " ⇄ ".join(_side(side) for side in session.sides)
    return sides + (f", call {report.number_of(session.call)}" if session.call is not None else "")


def _side(side: Side) -> str:
    name = ", then ".join(side.fragments) or "no fragment"
    return f"{name} ({side.role})" if side.role else name


def _row(page: Page, pair: Pair) -> Line:
    here, there = _ends(pair)
    times = [
        span("" if time is None else moment(page, time), "dim")
        for time in (pair.first, pair.checked, pair.nominated, pair.used)
    ]
    return (
        span(""), span(here), span("⇄"), span(there), span(pair.state, STYLES.get(pair.state, "")),
        span(f"{pair.requests:,}"), span(f"{pair.answered:,}"), *times,
        span("" if pair.lost is None else moment(page, pair.lost), "red"),
    )


def _ends(pair: Pair) -> tuple[str, str]:
    here, there = endpoint(pair.src, pair.sport), endpoint(pair.dst, pair.dport)
    here += f" {pair.src_kind}" if pair.src_kind else ""
    there += (f" {pair.dst_kind}" if pair.dst_kind else "") + (f" ({pair.inside})" if pair.inside else "")
    return here, there


def _stacked(page: Page, pair: Pair) -> list[Line]:
    here, there = _ends(pair)
    times = (("checked", pair.checked), ("nominated", pair.nominated), ("used", pair.used), ("lost", pair.lost))
    answered = f"{pair.answered:,} of {pair.requests:,} answered"
    parts = [line(span(pair.state, STYLES.get(pair.state, ""))), line(answered)]
    parts += [line(f"{name} {moment(page, time)}") for name, time in times if time is not None]
    return [*hanging(page, line("  "), f"{here} ⇄ {there}", indent=4), *flowing(page, line("    "), parts, " · ", 4)]
