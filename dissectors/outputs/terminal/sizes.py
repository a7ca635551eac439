"""The size of each signalling message on the path, and its size in other encodings."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, hanging, line, span, table
from dissectors.report import Message, Report, size

COLUMNS = (
    Column("frame", "right"), Column("message"), Column("bytes", "right"), Column("inflated", "right", 2),
    Column("long names", "right", 3), Column("body", "right", 1), Column("names", "right", 1),
    Column("compressed", "right"), Column("lost paths", "right", 4), Column("over"),
)
SIZE_LIMITS = ((size.LARGEST_REQUEST, "RFC 3261's 1300"), (size.IPV6_MINIMUM, "1280"), (size.ETHERNET, "1500"))
MAX_MESSAGES = 60


def sizes(page: Page, report: Report) -> list[Line]:
    """A row per message, without retransmissions: as sent, inflated, with long header names, compressed; limits.

    `body` and `names` are the savings by deflating the body and by compact header names (`is`: it is compressed
    already); `compressed` is the size after both.
    `lost paths` is the share of paths that let nothing of that size through.
    """
    messages = [m for call in report.calls for m in call.messages if m.sizes is not None and not m.retransmission]
    if not messages:
        return [line("No SIP message, so nothing to compress.")]
    shown = messages if page.everything or page.plain else messages[:MAX_MESSAGES]
    title = line(span("Size on the path", "bold"), span("   bytes of UDP payload", "dim"))
    lines = [title, *table(page, COLUMNS, [_row(message) for message in shown])]
    if len(shown) < len(messages):
        lines.append(line(span(f"  … and {len(messages) - len(shown):,} more (--all)", "dim")))
    lines += hanging(page, line("  "), _together(messages), "")
    return [*lines, BLANK]


def _together(messages: list[Message]) -> str:
    """The total size now and compressed, with the savings of each kind."""
    now = sum(message.length for message in messages)
    savings = [size.saving(message) for message in messages]
    body, names = sum(found.body for found in savings), sum(found.names for found in savings)
    saved = f"{body:,} by compressing bodies, {names:,} by compact header names"
    return f"all together: {now:,} bytes now, {now - body - names:,} compressed: {saved}"


def _row(message: Message) -> Line:
    weighed, less = message.sizes, size.saving(message)
    assert weighed is not None
    crossed = [
        name for limit, name in SIZE_LIMITS
        if message.length + (0 if limit == size.LARGEST_REQUEST else size.overhead(message)) > limit
    ]
    name = message.summary if message.status is None else f"{message.summary} to {message.method}"
    body = "is" if weighed.inflated != weighed.sent else _less(less.body)
    then = message.length - less.body - less.names
    return (
        span(message.place.frame, "dim"), span(name), span(f"{weighed.sent:,}"), span(f"{weighed.inflated:,}"),
        span(f"{weighed.long:,}"), span(body), span(_less(less.names)), span(f"{then:,}"),
        span(f"{size.failing(weighed.sent):g} %"), span(", ".join(crossed), "yellow"),
    )


def _less(octets: int) -> str:
    return f"-{octets:,}" if octets else ""
