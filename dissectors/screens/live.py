"""A live session on a terminal: one page that is redrawn, and fits a terminal of any size."""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import TextIO

from rich.live import Live
from rich.text import Text

from dissectors.live.events import Look
from dissectors.live.states import Course, state_of
from dissectors.outputs.rows import shortened
from dissectors.outputs.terminal.blocks import Block, shares
from dissectors.outputs.terminal.gauges import BARS_IN_ASCII, lasting, quantity, sparkline
from dissectors.outputs.terminal.lines import BLANK, Column, Line, Page, Span, clip, count, line, span, table, width_of
from dissectors.outputs.terminal.moments import milliseconds
from dissectors.outputs.terminal.page import IN_ASCII, terminal
from dissectors.outputs.terminal.summary import MARKS, PROTOCOL_STYLES, SEVERITIES, STYLES
from dissectors.report import Call, Finding, Flow, Stream
from dissectors.wire import datagram as wire
from dissectors.wire.datagram import endpoint

HISTORY_CELLS, FEWER_CELLS, WIDE, NARROW = 16, 8, 100, 64
RATE_LOOKS = 30
"""Cells that rate, loss and jitter take."""

QUIET_LOOKS = 3
NARROWEST, SHORTEST = 40, 10
BAD_LOSS, POOR_LOSS = 0.05, 0.01
MANY_UNREAD_OCTETS = 1 << 22
"""The screen shows waiting octets from this number on."""

CALLS = (
    Column(""), Column("", "right"), Column("", "left", 0, 12), Column(""), Column("", "left", 0, 12),
    Column("", "left", 1),
)
STREAMS = (
    Column("from", "left", 0, 14), Column(""), Column("to", "left", 0, 14), Column("SSRC", "left", 3),
    Column("codec", "left", 2), Column("rate", "right"), Column("lost", "right"), Column("jitter", "right"),
    Column("lately", "left", 1),
)
NARROW_STREAMS = (
    Column("stream", "left", 0, 10), Column("rate", "right", 1), Column("lost", "right"), Column("jitter", "right"),
)
"""Loss and jitter matter most: without room for all columns, both ends of a stream share one."""

WEIGHTS = (1, 2, 3, 1, 2)
"""Lines that ports, calls, streams, checks and findings get in turn, while there are any."""

PORTS = (Column("", "left", 0, 20), Column("", "right", 2), Column("", "left", 0, 20))


class Screen:
    """Draws looks on the alternate screen of a terminal, and restores the terminal at the end."""

    def __init__(self, stream: TextIO, title: str, keeping: str = "", clock: str = "local") -> None:
        self._console, self._clock = terminal(stream), clock
        self._title, self._keeping = title, keeping
        self._news: list[str] = []
        self._live = Live(console=self._console, screen=True, auto_refresh=False)

    def __enter__(self) -> Screen:
        self._live.start()
        self._live.update(Text(f"{self._title}: waiting for the first datagram …"), refresh=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, look: Look) -> None:
        """Draw one look."""
        self._news += [f"{time.strftime('%H:%M:%S')} {text}" for text in look.news]
        del self._news[:-1]
        console = self._console
        width, colour = max(console.width, NARROWEST), console.color_system is not None
        zero = look.report.capture.first or 0.0
        page = Page(width=width, colour=colour, clock=self._clock, zero=zero)
        drawn = page_of(page, console.height, look, self._title, self._keeping, self._news)
        self._live.update(_text(drawn, console.options.ascii_only), refresh=True)


def page_of(page: Page, height: int, look: Look, title: str, keeping: str, news: Sequence[str] = ()) -> list[Line]:
    """The whole screen, never more lines than its height: the meters first, then the traffic, the worst first."""
    head = _meters(page, look, title, keeping)
    foot = [line(span(text, "bold yellow")) for text in news] + [line(span(_hint(look), "dim"))]
    room = max(0, max(height, SHORTEST) - len(head) - len(foot))
    blocks = (_ports(page, look), _calls(page, look), _streams(page, look), _checks(look), _findings(page, look))
    sizes = shares([block.wanted if block else 0 for block in blocks], WEIGHTS, room)
    middle = [row for block, size in zip(blocks, sizes, strict=True) if block for row in block.lines(size)]
    middle += [BLANK] * (room - len(middle))
    return [tuple(_clipped(row, page.width)) for row in (*head, *middle, *foot)]


def drawn(history: Sequence[tuple[float, int]], width: int) -> str:
    """A stream's rate at its last looks, of constant width, the latest at the right."""
    return sparkline([rate for rate, _ in history[-width:]]).rjust(width)


def _meters(page: Page, look: Look, title: str, keeping: str) -> list[Line]:
    lost = look.dropped_kernel + look.dropped_us
    dropped = f"dropped {look.dropped_kernel:,} by kernel, {look.dropped_us:,} by us"
    kept = (f"keeping {keeping} {quantity(look.kept)}B",) if keeping else ()
    first = line(span("muxshark ", "bold"), span(title, "bold cyan"), span(f"  {lasting(look.seconds)}"))
    rates = f"{quantity(look.datagrams_per_second)}/s  {quantity(look.octets_per_second * 8)}bit/s"
    seen = line(f"{look.received:,} seen  {look.datagrams:,} UDP  {rates}  ")
    drops = line(span(dropped, "bold red" if lost else "green"))
    second = [(*seen, *drops)] if width_of((*seen, *drops)) <= page.width else [seen, drops]
    behind = (f"{quantity(look.behind)}B behind",) if look.behind > MANY_UNREAD_OCTETS else ()
    memory = span("  ".join((*kept, *behind, f"memory {quantity(look.memory)}B")), "dim")
    gap = page.width - width_of(first) - width_of((memory,))
    if gap >= 2:
        first = (*first, Span(" " * gap), memory)
    kinds = sorted(look.protocols.items(), key=lambda one: -one[1])
    third = [span(f"{_name(kind)} {quantity(rate)}/s  ", PROTOCOL_STYLES.get(kind, "")) for kind, rate in kinds]
    return [first, *second, tuple(third), BLANK]


def _ports(page: Page, look: Look) -> Block | None:
    """The active pairs of endpoints, the busiest first, each with its protocols."""
    pairs: dict[tuple[tuple[str, int], ...], list[Flow]] = {}
    for flow in look.report.flows:
        pairs.setdefault(tuple(sorted(((flow.src, flow.sport), (flow.dst, flow.dport)))), []).append(flow)
    busiest = sorted(pairs.items(), key=lambda one: -sum(flow.datagrams for flow in one[1]))[:12]
    rows: list[Line] = []
    for (one, other), flows in busiest:
        kinds: Counter[str] = Counter()
        for flow in flows:
            kinds.update({seen.name: seen.count for seen in flow.protocols})
        names = "  ".join(f"{_name(kind)} {quantity(number)}" for kind, number in kinds.most_common(5))
        style = PROTOCOL_STYLES.get(kinds.most_common(1)[0][0], "") if kinds else ""
        senders = {(flow.src, flow.sport) for flow in flows}
        arrow = "⇄" if len(senders) > 1 else "→"
        if one not in senders:
            one, other = other, one
        rows.append((
            span(f"{endpoint(*one)} {arrow} {endpoint(*other)}"), span(quantity(sum(f.datagrams for f in flows))),
            span(names, style),
        ))
    title = line(span("Ports", "bold"), span(f"  {count(len(pairs), 'pair')} lately", "dim"))
    return _block(page, title, PORTS, rows, len(pairs))


def _calls(page: Page, look: Look) -> Block | None:
    """Calls in progress, then those that have just ended."""
    now = (look.report.capture.last or 0.0)
    calls = [(call, state_of(call)) for call in look.report.calls if call.kind == "call"]
    calls.sort(key=lambda each: (each[1].course is not Course.GOING, -_since(each[0])))
    going = sum(state.course is Course.GOING for _, state in calls)
    rows: list[Line] = []
    for call, state in calls[:40]:
        talked = call.talked(now)
        until = now if state.course is Course.GOING else call.ended or now
        rows.append((
            span(state.said(call.status), state.style),
            span(lasting(until - call.start if talked is None else talked)), span(_who(call.caller)), span("→"),
            span(_who(call.callee)), span(count(len(call.streams), "stream") if call.streams else "", "dim"),
        ))
    others = len(look.report.calls) - len(calls)
    text = f"  {going} going on, {len(calls) - going} just over" + (f", {others} other requests" if others else "")
    return _block(page, line(span("Calls", "bold"), span(text, "dim")), CALLS, rows, len(calls))


def _who(uri: str | None) -> str:
    """A party of a call, without the scheme: it is the same for all of them."""
    return (uri or "somebody").removeprefix("sip:").removeprefix("sips:")


def _streams(page: Page, look: Look) -> Block | None:
    """Active streams, the worst first, then silent ones; sorted by whole per cents, so that rows seldom move."""
    cells = HISTORY_CELLS if page.width >= WIDE else FEWER_CELLS
    watched = {id(stream): look.watched.history(stream)[-cells:] for stream in look.report.streams}

    def order(stream: Stream) -> tuple[bool, int, float, int]:
        quiet = not any(rate for rate, _ in watched[id(stream)][-QUIET_LOOKS:])
        return quiet, -int(stream.lost_fraction * 100), stream.first, stream.ssrc

    streams = sorted(look.report.streams, key=order)
    rows: list[Line] = []
    for stream in streams[:40]:
        history = watched[id(stream)]
        measures = (
            span(f"{quantity(history[-1][0] if history else 0.0)}/s"),
            span(f"{stream.lost_fraction:.1%}", _level(stream.lost_fraction)),
            span(milliseconds(stream.jitter_ms) or "–"),
        )
        if page.width < NARROW:
            flow = wire.Flow(stream.src, stream.sport, stream.dst, stream.dport)
            rows.append((span(shortened(flow, page.width - RATE_LOOKS)), *measures))
            continue
        rows.append((
            span(endpoint(stream.src, stream.sport)), span("→"), span(endpoint(stream.dst, stream.dport)),
            span(f"{stream.ssrc:08X}", "dim"), span(_codec(stream)), *measures,
            span(drawn(history, cells), "red" if any(lost for _, lost in history) else "green"),
        ))
    lost = sum(stream.lost for stream in streams)
    title = line(span("Streams", "bold"), span(f"  {len(streams)} lately, {lost:,} lost", "dim"))
    return _block(page, title, NARROW_STREAMS if page.width < NARROW else STREAMS, rows, len(streams))


def _checks(look: Look) -> Block | None:
    checks = look.report.checks
    if not checks:
        return None
    asked, answered = sum(check.requests for check in checks), sum(check.answered for check in checks)
    nominated = sum(check.nominated for check in checks)
    slowest = max((check.round_trip_ms or 0.0 for check in checks), default=0.0)
    text = f"  {asked:,} asked, {answered:,} answered, {nominated} nominated, round trip to {milliseconds(slowest)}"
    return Block(line(span("STUN", "bold"), span(text, "" if answered or not asked else "red")))


def _findings(page: Page, look: Look) -> Block | None:
    """The findings, a line for each kind, the worst first."""
    kinds: dict[str, list[Finding]] = {}
    for finding in sorted(look.report.findings, key=lambda one: SEVERITIES.index(one.severity)):
        kinds.setdefault(finding.id, []).append(finding)
    if not kinds:
        return None
    rows = []
    for first, *others in kinds.values():
        mark = span(f"  {MARKS[first.severity]} ", STYLES[first.severity])
        more = f" (and {len(others)} more)" if others else ""
        rows.append(line(mark, span(clip(first.what, page.width - 4 - len(more))), span(more, "dim")))
    text = f"  {len(look.report.findings)} lately, {count(len(kinds), 'kind')}"
    return Block(line(span("Findings", "bold"), span(text, "dim")), rows, total=len(rows))


def _block(page: Page, title: Line, columns: Sequence[Column], rows: Sequence[Line], total: int) -> Block | None:
    if not rows:
        return None
    heads = any(column.title for column in columns)
    return Block(title, table(page, columns, rows)[0 if heads else 1 :], int(heads), total)


def _since(call: Call) -> float:
    return call.ended or call.answered or call.start


def _codec(stream: Stream) -> str:
    name = stream.codec or (f"PT {stream.payload_types[0].payload_type}" if stream.payload_types else "?")
    return f"{name} SRTP" if stream.encrypted else name


def _name(kind: str) -> str:
    return "unknown" if kind == "UNKNOWN" else kind


def _level(loss: float) -> str:
    return "bold red" if loss >= BAD_LOSS else "yellow" if loss >= POOR_LOSS else "green"


def _hint(look: Look) -> str:
    return "Ctrl-C ends with the report, twice at once"


def _clipped(row: Line, width: int) -> list[Span]:
    """A line, cut at the width."""
    room, parts = width, []
    for part in row:
        if room <= 0:
            break
        kept = part._replace(text=clip(part.text, room))
        room -= width_of((kept,))
        parts.append(kept)
    return parts


def _text(rows: Sequence[Line], ascii_only: bool) -> Text:
    text = Text(no_wrap=True, overflow="crop")
    for number, row in enumerate(rows):
        for part in row:
            words = part.text.translate(BARS_IN_ASCII).translate(IN_ASCII) if ascii_only else part.text
            text.append(words, part.style or None)
        if number < len(rows) - 1:
            text.append("\n")
    return text
