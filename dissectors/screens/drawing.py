"""Lines of the screen on which one can go about: calls in rows, what was found, streams, messages, two side by side."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.outputs.escape import readable, visible
from dissectors.outputs.terminal.findings import decisive
from dissectors.outputs.terminal.gauges import lasting, quantity, sparkline
from dissectors.outputs.terminal.lines import BLANK, Line, Page, Span, cells, clip, count, hanging, line, span
from dissectors.outputs.terminal.moments import at, milliseconds, moment
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import MARKS, STYLES
from dissectors.report import Message, Report, Stream
from dissectors.screens.book import Entry, Noted, Snapshot
from dissectors.screens.columns import loss_level, score_level, time_of
from dissectors.screens.view import Comparison
from dissectors.wire.datagram import endpoint

MIN_BARS, MAX_BARS = 8, 60
MAX_STREAMS = 100
FOUND_CELLS = 21
"""What stands before a finding in its row."""


def totals_line(snapshot: Snapshot, shown: int) -> Line:
    """The totals since the beginning, and how many calls are shown."""
    totals = snapshot.totals
    parts = [span(count(totals.calls, "call"), "bold")]
    parts += [span(f"  {totals.going:,} going on", "green")] if totals.going or not snapshot.whole else []
    parts += [span(f"  {totals.answered:,} answered")]
    parts += [span(f"  {totals.failed:,} failed", "red" if totals.failed else "")]
    parts += [span(f"  {count(totals.others, 'other request')}", "dim")] if totals.others else []
    parts += [span(f"  {shown:,} shown", "dim")] if shown != totals.calls else []
    parts += [span(f"  {totals.forgotten:,} only counted", "dim")] if totals.forgotten else []
    return tuple(parts)


def found_row(page: Page, noted: Noted) -> Line:
    """A finding in a line: its mark, its call, what it is."""
    style = STYLES[noted.severity]
    call = f"{noted.call:>5}" if noted.call is not None else " " * 5
    when = "" if noted.time is None else f"{time_of(page, noted.time):>10}"
    what = clip(visible(decisive(noted.what)), max(0, page.width - FOUND_CELLS))
    mark = span(f"{MARKS[noted.severity]} ", style)
    return line(mark, span(f"{call}  ", "dim"), span(f"{when:>10}  ", "dim"), Span(what))


def found_text(page: Page, noted: Noted) -> list[Line]:
    """A finding with why it matters and what to do."""
    lines = hanging(page, line(span(f"{MARKS[noted.severity]} ", STYLES[noted.severity])), noted.what, "bold")
    facts = [noted.id, noted.severity] + ([] if noted.time is None else [f"at {at(page, noted.time)}"])
    facts += [f"call {noted.call}"] if noted.call is not None else []
    facts += [f"SSRC 0x{noted.ssrc:08X}"] if noted.ssrc is not None else []
    facts += [f"frame {', '.join(map(str, noted.frames))}"] if noted.frames else []
    lines += hanging(page, line("  "), " · ".join(facts), "dim")
    for label, text in (("why", noted.why), ("do", noted.fix)):
        lines += hanging(page, line("  ", span(f"{label:<5}", "dim")), text)
    return [*lines, BLANK]


def call_head(page: Page, entry: Entry) -> list[Line]:
    """Who called whom and what came of it, in two lines."""
    parties = f"{party(entry.caller)} → {party(entry.callee)}"
    talked = "" if entry.seconds is None else f"  {lasting(entry.seconds)}"
    score = "" if entry.mos is None else f"  MOS {entry.mos:.2f}"
    loss = "" if entry.loss is None else f"  lost {entry.loss:.1%}"
    first = line(
        span(f"Call {entry.number}  ", "bold"), span(parties), span(f"  {entry.said}", entry.state.style),
        span(f"{talked}{score}{loss}"),
    )
    return [first, line(span(f"{at(page, entry.start)}  Call-ID {entry.call_id}", "dim"))]


def stated(page: Page, message: Message | None) -> str:
    """When a message went from where to where."""
    if message is None:
        return ""
    ends = f"{endpoint(message.src, message.sport)} → {endpoint(message.dst, message.dport)}"
    return f"{moment(page, message.time)}  {ends} {message.transport}"


def stream_lines(page: Page, stream: Stream) -> list[Line]:
    """A stream: its ends and its codec, its figures, and how they went over time."""
    ends = f"{endpoint(stream.src, stream.sport)} → {endpoint(stream.dst, stream.dport)}"
    codec = stream.codec or (f"type {stream.payload_types[0].payload_type}" if stream.payload_types else "?")
    kind = f"  {codec}{' SRTP' if stream.encrypted else ''}"
    head = line(span(ends, "bold"), span(kind), span(f"  0x{stream.ssrc:08X}", "dim"))
    mos = stream.quality.mos if stream.quality is not None else None
    figures = line(
        span(f"  {count(stream.packets, 'packet')}"), span(f"  lost {stream.lost:,} ({stream.lost_fraction:.1%})",
        loss_level(stream.lost_fraction)), span(f"  jitter {milliseconds(stream.jitter_ms) or '–'}"),
        span("" if mos is None else f"  MOS {mos:.2f}", score_level(mos)),
        span(f"  {lasting(stream.last - stream.first)}", "dim"),
    )
    return [head, figures, *_courses(page, stream), BLANK]


def _courses(page: Page, stream: Stream) -> list[Line]:
    """Rate, loss and jitter over time."""
    moments = stream.timeline
    if len(moments) < 2:
        return []
    room = max(MIN_BARS, min(MAX_BARS, page.width - 34))
    pairs = list(zip(moments, moments[1:], strict=False))
    spans = [max(later.time - one.time, 1e-3) for one, later in pairs]
    rate = [(later.packets - one.packets) / gap for (one, later), gap in zip(pairs, spans, strict=True)]
    lost = [float(max(0, later.lost - one.lost)) for one, later in pairs]
    jitter = [each.jitter_ms for each in moments if each.jitter_ms is not None]
    rows = [("rate", rate, f"{quantity(max(rate))}/s at most", "green")]
    rows += [("lost", lost, f"{max(lost):.0f} at most at once", "red")] if any(lost) else []
    rows += [("jitter", jitter, f"{max(jitter):.1f} ms at most", "cyan")] if len(jitter) > 1 and any(jitter) else []
    return [
        line(span(f"  {name:<7}", "dim"), span(sparkline(_fewer(values, room)), style), span(f"  {said}", "dim"))
        for name, values, said, style in rows
    ]


def _fewer(values: Sequence[float], room: int) -> list[float]:
    """At most so many values: of several that share a bar the highest."""
    step = -(-len(values) // room)
    return [max(values[at : at + step]) for at in range(0, len(values), step)]


def streams_of(page: Page, report: Report, position: int) -> list[Line]:
    """The streams of a call, the worst first."""
    streams = sorted((report.streams[at] for at in report.calls[position].streams), key=lambda one: -one.lost_fraction)
    nothing = [line(span("no media were captured", "dim"))]
    return [row for each in streams for row in stream_lines(page, each)] or nothing


def streams_alone(page: Page, report: Report) -> list[Line]:
    """The streams of a report without calls, the worst first, at most so many."""
    streams = sorted(report.streams, key=lambda one: -one.lost_fraction)
    rows = [row for each in streams[:MAX_STREAMS] for row in stream_lines(page, each)]
    left = len(streams) - MAX_STREAMS
    return rows + ([line(span(f"and {count(left, 'more stream')}", "dim"))] if left > 0 else [])


def text_lines(page: Page, texts: Sequence[str]) -> list[Line]:
    """Lines of a message, wrapped, with what is not printable as escapes; before the first empty line are headers."""
    rows: list[Line] = []
    in_head = True
    for text in texts:
        in_head = in_head and bool(text)
        name, colon, value = text.partition(":")
        if in_head and colon and name and " " not in name:
            bare = value.lstrip(" ")
            rows += hanging(page, line(span(f"{name}:{' ' * (len(value) - len(bare))}", "cyan")), bare, indent=2)
        else:
            rows += hanging(page, BLANK, text, indent=2)
    return rows


def side_by_side(width: int, rows: Sequence[Comparison]) -> list[Line]:
    """Two texts next to each other; a line that is not the same on both sides stands out."""
    half = (width - 3) // 2
    lines: list[Line] = []
    for each in rows:
        style = "" if each.same else "bold yellow"
        left, right = (clip(visible(text), half) for text in (each.left, each.right))
        mark = " │ " if each.same else " ┃ "
        lines.append((Span(left + " " * (half - cells(left)), style), Span(mark, "dim"), Span(right, style)))
    return lines


def lines_of_text(text: str) -> list[str]:
    """A text as its lines, safe to show."""
    return readable(text).rstrip("\n").split("\n")
