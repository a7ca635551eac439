"""The ladder of a call: SIP messages as arrows between the endpoints that exchanged them."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.analysis.report import Body, Message
from dissectors.outputs.lines import Column, Line, Page, Span, cells, clip, line, span, table
from dissectors.outputs.moments import moment
from dissectors.wire.datagram import endpoint
from dissectors.wire.inflate import spoken

MOST_MESSAGES = 40
MOST_LANES = 5
NARROWEST = 20
WIDEST = 46
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def ladder(page: Page, messages: Sequence[Message]) -> list[Line]:
    """Arrows where the page has room for the lanes, else one line a message with both its endpoints."""
    shown = messages if page.everything else messages[:MOST_MESSAGES]
    lanes = list(dict.fromkeys(end for message in shown for end in _ends(message)))
    notes = [note(message) for message in shown]
    moments = [moment(page, message.time) for message in shown]
    left = max(map(cells, moments), default=0) + 4
    most = max((sum(cells(part.text) for part in spans) for spans in notes), default=0)
    gap = min(WIDEST, (page.width - left - most - 4) // max(1, len(lanes) - 1)) if len(lanes) > 1 else 0
    if page.plain or not 2 <= len(lanes) <= MOST_LANES or gap < NARROWEST:
        lines = _listed(page, shown)
    else:
        lines = _heads(lanes, gap, left)
        for time, message, spans in zip(moments, shown, notes, strict=True):
            arrow = _arrow(message, lanes, gap)
            lines.append((Span(f"  {time:>{left - 4}}  ", "dim"), *arrow, Span("   "), *spans))
    if len(shown) < len(messages):
        lines.append(line(span(f"  … and {len(messages) - len(shown):,} more messages (--all)", "dim")))
    return lines


def label(message: Message) -> str:
    """`INVITE`, `180 Ringing`."""
    if message.status is None:
        return message.method
    return f"{message.status} {message.reason or ''}".rstrip()


def style(message: Message) -> str:
    """The colour of a message: requests, provisional, final and refusing answers."""
    if message.retransmission:
        return "dim"
    if message.status is None:
        return "cyan"
    return "default" if message.status < 200 else "green" if message.status < 300 else "red"


def note(message: Message) -> Line:
    """What stands beside an arrow: the datagram's size, what its body became, and its frame."""
    parts = [span(f"{message.length:,} B", "dim")]
    if message.body is not None and message.body.status not in ("identity", "unsupported"):
        parts.append(span(f"  {inflation(message.body)}", "magenta"))
    parts.append(span(f"  #{message.place.frame}", "dim"))
    if message.retransmission:
        parts.append(span("  again", "yellow"))
    return tuple(parts)


def inflation(body: Body) -> str:
    """`zlib 280 → 449 B`, with how the decoding ended where it was not whole."""
    text = f"{spoken(body.encoding)} {body.compressed_length:,} → {body.inflated_length:,} B"
    return text if body.status == "complete" else f"{text}, {body.status}"


def _ends(message: Message) -> tuple[str, str]:
    return endpoint(message.src, message.sport), endpoint(message.dst, message.dport)


def _heads(lanes: list[str], gap: int, left: int) -> list[Line]:
    """The endpoints over their lanes; where they are too long for that, letters with a legend before them."""
    starts = [max(0, gap * i - len(name) // 2) for i, name in enumerate(lanes)]
    ends = [start + len(name) + 1 for start, name in zip(starts, lanes, strict=True)]
    if all(end < start for end, start in zip(ends, starts[1:], strict=False)):
        row = ""
        for start, name in zip(starts, lanes, strict=True):
            row = row.ljust(start) + name
        return [line(" " * left, span(row, "bold"))]
    legend = [line(f"  {letter}  ", span(name, "bold")) for letter, name in zip(LETTERS, lanes, strict=False)]
    return [*legend, line(" " * left, span("".join(f"{letter:<{gap}}" for letter in LETTERS[: len(lanes)]), "bold"))]


def _arrow(message: Message, lanes: list[str], gap: int) -> Line:
    """One row of lanes with the message drawn between its two."""
    src, dst = (lanes.index(end) for end in _ends(message))
    low, high = sorted((src, dst))
    before, after = "│".ljust(gap) * low, "".join("│".rjust(gap) for _ in range(len(lanes) - 1 - high))
    if low == high:
        text = clip(f" ↻ {label(message)}", NARROWEST - 1)
        return line(span(before, "dim"), span("│", "dim"), span(text, style(message)), span(after[len(text) :], "dim"))
    room = gap * (high - low) - 1
    text = f" {clip(label(message), room - 6)} "
    fill = room - 1 - cells(text)
    if src < dst:
        drawn = f"{'─' * (fill // 2)}{text}{'─' * (fill - fill // 2)}▶"
    else:
        drawn = f"◀{'─' * (fill - fill // 2)}{text}{'─' * (fill // 2)}"
    return line(span(before + "│", "dim"), span(drawn, style(message)), span("│" + after, "dim"))


def _listed(page: Page, messages: Sequence[Message]) -> list[Line]:
    columns = (Column("time", "right"), Column("from"), Column(""), Column("to"), Column("message"), Column(""))
    rows = []
    for message in messages:
        src, dst = _ends(message)
        beside = span("".join(part.text for part in note(message)))
        time, arrow = span(moment(page, message.time)), span("→")
        rows.append((time, span(src), arrow, span(dst), span(label(message), style(message)), beside))
    return table(page, columns, rows)
