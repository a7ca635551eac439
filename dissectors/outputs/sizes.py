"""What each signalling message weighs on the path, and what it would weigh otherwise."""

from __future__ import annotations

from dissectors.analysis import size
from dissectors.analysis.report import Message, Report
from dissectors.outputs.lines import BLANK, Column, Line, Page, line, span, table

COLUMNS = (
    Column("frame", "right"), Column("message"), Column("octets", "right"), Column("inflated", "right", 2),
    Column("long headers", "right", 3), Column("compressed", "right"), Column("lost paths", "right", 4), Column("over"),
)  # fmt: skip
LIMITS = ((size.LARGEST_REQUEST, "RFC 3261's 1300"), (size.IPV6_MINIMUM, "1280"), (size.ETHERNET, "1500"))
MOST_MESSAGES = 60


def sizes(page: Page, report: Report) -> list[Line]:
    """A row a message, retransmissions left out: as sent, inflated, with long headers, compressed; limits crossed.

    `lost paths` is the share of paths that let nothing of that size through.
    """
    messages = [m for call in report.calls for m in call.messages if m.sizes is not None and not m.retransmission]
    if not messages:
        return [line("No SIP message, so nothing to compress.")]
    shown = messages if page.everything or page.plain else messages[:MOST_MESSAGES]
    title = line(span("Size on the path", "bold"), span("   octets of UDP payload", "dim"))
    lines = [title, *table(page, COLUMNS, [_row(message) for message in shown])]
    if len(shown) < len(messages):
        lines.append(line(span(f"  … and {len(messages) - len(shown):,} more (--all)", "dim")))
    now, then = _totals(messages)
    if then != now:
        lines.append(line(f"  all together: {now:,} octets now, {then:,} compressed ({then - now:+,})"))
    return [*lines, BLANK]


def _totals(messages: list[Message]) -> tuple[int, int]:
    now = sum(message.length for message in messages)
    then = sum(message.length if (less := size.compressed(message)) is None else less for message in messages)
    return now, then


def _row(message: Message) -> Line:
    weighed, less = message.sizes, size.compressed(message)
    assert weighed is not None
    overhead = size.IPV6_UDP if ":" in message.src else size.IPV4_UDP
    crossed = [
        name for limit, name in LIMITS
        if message.length + (0 if limit == size.LARGEST_REQUEST else overhead) > limit
    ]  # fmt: skip
    crossed += ["fragmented"] if size.fragmented(message) else []
    name = message.summary if message.status is None else f"{message.summary} to {message.method}"
    return (
        span(message.place.frame, "dim"), span(name), span(f"{weighed.sent:,}"), span(f"{weighed.inflated:,}"),
        span(f"{weighed.long:,}"), span("is" if less is None else f"{less:,}"),
        span(f"{size.failing(weighed.sent):g} %"), span(", ".join(crossed), "yellow"),
    )  # fmt: skip
