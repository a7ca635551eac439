"""Whether streams are really encrypted: the verdict on the payloads of each, with the figures."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, line, span, table
from dissectors.report import Randomness, Report, Stream

MAX_STREAMS = 20
COLUMNS = (
    Column("SSRC"), Column("announced"), Column("verdict"), Column("bytes", "right", 2), Column("entropy", "right", 3),
    Column("windows", "right", 4), Column("not random", "right", 5), Column("because", "left", 1, 12),
)
STYLES = {"not encrypted": "red", "compatible with encryption": "green"}


def encryption(page: Page, report: Report) -> Iterator[Line]:
    """The verdicts, the clear ones first; nothing where payloads were not read."""
    told = [(each, each.randomness) for each in report.distinct_streams if each.randomness is not None]
    if not told:
        return
    told.sort(key=lambda one: one[1].verdict != "not encrypted")
    shown = told if page.everything else told[:MAX_STREAMS]
    yield line(span("Encryption", "bold"))
    yield from table(page, COLUMNS, [_row(*one) for one in shown])
    if len(shown) < len(told):
        yield line(span(f"  … and {len(told) - len(shown):,} more (--all)", "dim"))
    yield BLANK


def _row(stream: Stream, found: Randomness) -> Line:
    style = STYLES.get(found.verdict, "yellow")
    if found.verdict == "not encrypted" and not stream.encrypted:
        style = "yellow"
    return (
        span(f"0x{stream.ssrc:08X}"),
        span("SRTP" if stream.encrypted else "RTP"),
        span(found.verdict, style),
        span(f"{found.octets:,}"),
        span(f"{found.entropy:.2f} bits"),
        span(f"{found.windows:,}"),
        span(f"{found.failed:,}"),
        span(found.why, "dim"),
    )
