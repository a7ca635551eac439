"""What each direction of a call carried, in a line: codec, packets, loss, jitter, score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dissectors.outputs.terminal.lines import Line, Page, Span, cells, clip, count, line, listed, span
from dissectors.outputs.terminal.moments import milliseconds, seconds
from dissectors.report import Call, Report, Stream
from dissectors.report.flows import recognised
from dissectors.wire.datagram import endpoint

BAD_LOSS, POOR_LOSS = 0.05, 0.01
GOOD_MOS, POOR_MOS = 4.0, 3.6
"""The limits of what can be heard."""

WIDE_CELLS = 110
"""From so many cells on, the endpoints of a stream have room before its figures."""

MAX_LINES = 6
MAX_CODECS = 3
INDENT = 4
ARROWS = {"caller": "→", "callee": "←"}
LOST_COLUMNS = {"caller": "→ lost", "callee": "← lost", "": "lost"}
WITH_MEDIA = ("ended", "established")


def media_lines(page: Page, report: Report, calls: Sequence[int]) -> dict[int, list[Line]]:
    """For each call, by position: a line for each direction of each kind of media, all of them in the same columns.

    None at all if there are several calls and no media of any.
    """
    messages = _messages(report)
    if len(calls) > 1 and not messages and not any(report.calls[number].streams for number in calls):
        return {}
    heard = [legs.calls for legs in report.legs if any(report.calls[each].streams for each in legs.calls)]
    elsewhere = {number for group in heard for number in group}
    rows = {
        number: _rows(report, report.calls[number], number in elsewhere, messages.get(report.calls[number].call_id, 0))
        for number in calls
    }
    return _aligned(page, rows)


def streams_alone(page: Page, streams: Sequence[Stream]) -> list[Line]:
    """A line for each stream of which no call is known, with its endpoints; two on a page that is not wide."""
    ends = [span(f"{endpoint(s.src, s.sport)} → {endpoint(s.dst, s.dport)}") for s in streams]
    if page.plain or page.width >= WIDE_CELLS:
        made = _aligned(page, {n: [(ends[n], *_figures([stream]))] for n, stream in enumerate(streams)})
        return [row for rows in made.values() for row in rows]
    made = _aligned(page, {n: [(span(" "), *_figures([stream]))] for n, stream in enumerate(streams)})
    return [row for n, rows in made.items() for row in (line("  ", ends[n]), *rows)]


def heard_cells(report: Report, call: Call) -> dict[str, Span]:
    """What a row has room for, by the column's name: codec, the loss of each direction, the worst score."""
    streams = [report.streams[position] for position in call.streams]
    if call.kind != "call" or not streams:
        return {}
    found = {"codec": span(listed(_codecs(streams), MAX_CODECS))}
    placed = any(each.sender for each in streams)
    for sender, title in LOST_COLUMNS.items():
        sent = [each for each in streams if (each.sender or "") == sender]
        lost = _figures(sent)[2] if sent else Span("no packets" if sender and placed else "", "dim")
        found[title] = Span(lost.text.replace(" lost", ""), lost.style)
    score = _figures(streams)[3]
    return found | {"MOS": Span(score.text.removeprefix("MOS "), score.style)}


def lost_share(lost: int, fraction: float) -> Span:
    """The loss in percent, in the colour of what can be heard."""
    style = "bold red" if fraction >= BAD_LOSS else "yellow" if fraction >= POOR_LOSS else "green"
    if not lost:
        return span("0 % lost", style)
    return span(f"{100 * fraction:.1f} % lost" if fraction >= 0.001 else "< 0.1 % lost", style)


def _messages(report: Report) -> Counter[str]:
    """How many messages the sessions of MSRP of each call have, by Call-ID."""
    found: Counter[str] = Counter()
    for flow in recognised(report.flows):
        if flow.call_id is not None:
            found[flow.call_id] += sum(seen.count for seen in flow.protocols if seen.name == "MSRP")
    return found


def _rows(report: Report, call: Call, elsewhere: bool, messages: int) -> list[Line]:
    """The lines of one call, not yet in columns; a direction without any packet is said if the other one has some.

    `elsewhere` says that another leg of the call has media; `messages` of MSRP went both ways together.
    """
    if call.kind != "call":
        return []
    streams = [report.streams[position] for position in call.streams]
    groups: dict[tuple[str, str], list[Stream]] = {}
    for stream in streams:
        groups.setdefault((stream.sender or "", stream.kind or "audio"), []).append(stream)
    kinds = sorted({kind for _, kind in groups}, key=lambda kind: (kind != "audio", kind))
    rows: list[Line] = []
    for kind in kinds:
        for sender in ("caller", "callee", ""):
            found = groups.get((sender, kind), [])
            way = ARROWS.get(sender, "·") + ("" if kind == "audio" else f" {kind}")
            if found:
                rows.append((span(way), *_figures(found)))
            elif sender and (("caller", kind) in groups or ("callee", kind) in groups):
                rows.append((span(way), span("no packet captured", "dim")))
    if messages:
        rows.append((span("·"), span(count(messages, "message") + " of MSRP")))
    elif not streams and call.outcome in WITH_MEDIA:
        rows.append((span("its media are in the other leg" if elsewhere else "no media captured", "dim"),))
    return rows[:MAX_LINES]


def _figures(streams: Sequence[Stream]) -> Line:
    """Codec, packets, loss, jitter and score of the streams of one direction, the worst of each score."""
    packets, lost = sum(each.packets for each in streams), sum(each.lost for each in streams)
    scores = [each.quality.mos for each in streams if each.quality and each.quality.mos is not None and _is_live(each)]
    jitters = [each.jitter_ms for each in streams if each.jitter_ms is not None and _is_live(each)]
    score = min(scores, default=None)
    good = "green" if score is None or score >= GOOD_MOS else "yellow" if score >= POOR_MOS else "bold red"
    return (
        span(listed(_codecs(streams), MAX_CODECS)),
        span(f"{packets:,} packet{'' if packets == 1 else 's'}"),
        _lost(streams, packets, lost),
        span(f"MOS {score:.2f}" if score is not None else "", good),
        span(f"jitter {milliseconds(max(jitters))}" if jitters else "", "dim"),
    )


def _lost(streams: Sequence[Stream], packets: int, lost: int) -> Span:
    """The loss; a long gap is told by its length beside it, for it is no rate, and the score does not count it."""
    long = [gap for each in streams for gap in each.gaps if gap.counted]
    lost -= sum(gap.missing for gap in long)
    share = lost_share(lost, lost / (packets + lost) if packets + lost else 0.0)
    if not long:
        return share
    longest = seconds(max(gap.seconds for gap in long))
    gap = f"a gap of {longest}" if len(long) == 1 else f"{len(long)} gaps of up to {longest}"
    return Span(f"{share.text}, {gap}", "bold red")


def _codecs(streams: Iterable[Stream]) -> list[str]:
    return list(dict.fromkeys(map(_codec, streams)))


def _codec(stream: Stream) -> str:
    return (stream.codec or f"type {stream.payload_types[0].payload_type}") + (" SRTP" if stream.encrypted else "")


def _is_live(stream: Stream) -> bool:
    """Whether the capture runs as fast as the media, so that times mean anything."""
    return stream.timing is None or stream.timing.real_time is not False


def _aligned(page: Page, rows: dict[int, list[Line]]) -> dict[int, list[Line]]:
    """Rows in columns, as many as fit on the page; a cell of a short row may be as wide as it likes."""
    every = [row for those in rows.values() for row in those]
    most = max(map(len, every), default=0)
    widths = [
        max((cells(row[i].text) for row in every if i < len(row) and len(row) == most), default=0) for i in range(most)
    ]
    while not page.plain and len(widths) > 2 and INDENT + sum(widths) + 2 * len(widths) - 2 > page.width:
        widths.pop()
    made: dict[int, list[Line]] = {}
    for number, those in rows.items():
        made[number] = [_row(page, row, widths) for row in those]
    return made


def _row(page: Page, row: Line, widths: list[int]) -> Line:
    parts: list[str | Span] = ["    "]
    for part, width in zip(row, widths, strict=False):
        room = page.width - INDENT - 2 - sum(cells(each if isinstance(each, str) else each.text) for each in parts[1:])
        text = part.text if page.plain else clip(part.text, max(room, 1))
        parts += [Span(text, part.style), " " * (width - cells(text) + 2 if width else 0)]
    return line(*parts)
