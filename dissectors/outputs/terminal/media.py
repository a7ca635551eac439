"""Streams and connectivity as tables: every direction with its content and its quality."""

from __future__ import annotations

from collections.abc import Sequence

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
from dissectors.outputs.terminal.moments import milliseconds, moment, seconds
from dissectors.outputs.terminal.steps import MIN_ROUND_TRIP_MS
from dissectors.report import Check, Report, RtcpView, Stream
from dissectors.wire.datagram import endpoint

MAX_STREAMS = 20
MAX_CHECKS = 12
BAD_LOSS, POOR_LOSS = 0.05, 0.01
BAD_JITTER, POOR_JITTER = 50.0, 30.0
"""The limits of audible problems: loss as a fraction, jitter in milliseconds."""
STACKED_BELOW_CELLS = 64
"""On a page with fewer cells, lines replace the table."""
NO_CLOCK_MS = 10_000.0
"""From so many milliseconds on, jitter means nothing: the timestamps do not count time."""

STREAM_COLUMNS = (
    Column(""), Column("SSRC", "left", 3), Column("codec"), Column("how sure", "left", 5, usual="certain"),
    Column("packets", "right"), Column("lost", "right"), Column("jitter", "right"), Column("max", "right", 6),
    Column("gap", "right", 4), Column("rtt", "right", 7), Column("lasted", "right"), Column("call", "right", 8),
    Column("counted because", "left", 9, usual="two in sequence on a media path"),
)
CHECK_COLUMNS = (
    Column("from"), Column(""), Column("to"), Column("what", "left", 1), Column("asked", "right"),
    Column("answered", "right"), Column("round trip", "right"), Column("max", "right", 4), Column("seen as", "left", 2),
    Column("", "left", 3, 12),
)


def streams(page: Page, report: Report) -> list[Line]:
    """Every RTP stream, under its pair of endpoints."""
    if not report.streams:
        return []
    told = [(number, stream) for number, stream in enumerate(report.streams) if stream.way_of is None]
    ordered = sorted(told, key=lambda one: -_badness(one[1]))
    chosen = ordered if page.everything else ordered[:MAX_STREAMS]
    pairs: dict[frozenset[str], list[Stream]] = {}
    for _, stream in sorted(chosen, key=lambda one: one[0]):
        pairs.setdefault(frozenset(_ends(stream)), []).append(stream)
    title = hanging(page, line(span("Streams", "bold"), "   "), _total([stream for _, stream in told]), "dim", indent=4)
    if not page.plain and page.width < STACKED_BELOW_CELLS:
        shown = _stacked(page, report, pairs)
    else:
        shown = table(page, STREAM_COLUMNS, _rows(page, report, pairs))
    lines = [*title, *shown, *_changes(page, report, [stream for _, stream in chosen])]
    if len(chosen) < len(told):
        more = len(told) - len(chosen)
        lines.append(line(span(f"  … and {more:,} more, none of them worse (--all)", "dim")))
    return [*lines, BLANK]


def _rows(page: Page, report: Report, pairs: dict[frozenset[str], list[Stream]]) -> list[Line | Heading]:
    """A row for each stream, under its pair of endpoints."""
    rows: list[Line | Heading] = []
    for between in pairs.values():
        rows.append(Heading(line(span(_pair(between), "bold"))))
        rows += [_stream(report, stream, _arrow(stream, between)) for stream in between]
    return rows


def _stacked(page: Page, report: Report, pairs: dict[frozenset[str], list[Stream]]) -> list[Line]:
    """The same for a page that is too narrow for a table: the main figures, a stream in one or two lines."""
    lines: list[Line] = []
    for between in pairs.values():
        lines += hanging(page, line("  "), _pair(between), "bold", indent=4)
        for stream in between:
            arrow, ssrc, codec, _, packets, lost, jitter, *_ = _stream(report, stream, _arrow(stream, between))
            parts = [
                line(ssrc), line(codec), line(packets, " packets"), line(lost, " lost"), line("jitter ", jitter),
                line(seconds(stream.last - stream.first)),
            ]
            lines += flowing(page, line("  ", arrow, " "), parts, " · ", 4)
    return lines


def _pair(between: list[Stream]) -> str:
    src, dst = _ends(between[0])
    return f"{src} {'⇄' if len({_ends(stream) for stream in between}) > 1 else '→'} {dst}"


def _arrow(stream: Stream, between: list[Stream]) -> str:
    return "→" if _ends(stream) == _ends(between[0]) else "←"


def checks(page: Page, report: Report) -> list[Line]:
    """STUN: client and server, the answers, and their round-trip times."""
    if not report.checks:
        return []
    shown = report.checks if page.everything else report.checks[:MAX_CHECKS]
    lines = [line(span("Connectivity", "bold"))]
    if not page.plain and page.width < STACKED_BELOW_CELLS:
        for check in shown:
            lines += _check_stacked(page, check)
    else:
        lines += table(page, CHECK_COLUMNS, [_check(check) for check in shown])
    if len(shown) < len(report.checks):
        lines.append(line(span(f"  … and {len(report.checks) - len(shown):,} more (--all)", "dim")))
    return [*lines, BLANK]


def _ends(stream: Stream) -> tuple[str, str]:
    inside = f" ({stream.inside})" if stream.inside else ""
    return endpoint(stream.src, stream.sport), endpoint(stream.dst, stream.dport) + inside


def _badness(stream: Stream) -> float:
    return stream.loss_rate + (stream.jitter_ms or 0.0) / 1000


def _stream(report: Report, stream: Stream, arrow: str) -> Line:
    clock = f" {stream.clock / 1000:g} kHz" if stream.clock else ""
    codec = (stream.codec or f"type {stream.payload_types[0].payload_type}") + clock
    codec += " SRTP" if stream.encrypted else ""
    loss, jitter = stream.loss_rate, stream.jitter_ms or 0.0
    real = stream.timing is None or stream.timing.real_time is not False
    sound = stream.jitter_ms is not None and jitter < NO_CLOCK_MS and real
    delay = stream.rtcp.round_trip_ms if stream.rtcp else None
    near = delay is not None and delay < MIN_ROUND_TRIP_MS
    return (
        span(arrow), span(f"0x{stream.ssrc:08X}", "dim"), span(codec), span(stream.certainty, "dim"),
        span(f"{stream.packets:,}"), span(_lost(stream), _level(loss, POOR_LOSS, BAD_LOSS)),
        span(milliseconds(jitter) if sound else "–", _level(jitter if sound else 0.0, POOR_JITTER, BAD_JITTER)),
        span(milliseconds(stream.maximum_jitter_ms if sound else None), "dim"),
        span(milliseconds(stream.largest_gap_ms)),
        span("–" if near else milliseconds(delay)), span(seconds(stream.last - stream.first)),
        span(report.number_of(stream.call) if report.numbered else ""), span(stream.evidence, "dim"),
    )


def _lost(stream: Stream) -> str:
    share = 100 * stream.loss_rate
    if not share:
        return "0 %"
    return f"{share:.1f} %" if share >= 0.1 else "< 0.1 %"


def _level(value: float, poor: float, bad: float) -> str:
    return "bold red" if value >= bad else "yellow" if value >= poor else "green"


def _total(streams: Sequence[Stream]) -> str:
    lost = sum(stream.lost for stream in streams)
    packets = sum(stream.packets for stream in streams)
    return f"{count(len(streams), 'stream')}, {count(packets, 'packet')}, {lost:,} lost"


def _changes(page: Page, report: Report, streams: list[Stream]) -> list[Line]:
    """Facts that do not fit in a row of the table: codec changes, packets out of order, restarts of senders."""
    lines = []
    for stream in streams:
        says = []
        if len(stream.payload_types) > 1:
            changes = [f"{phase.payload_type} from {moment(page, phase.first)}" for phase in stream.payload_types[:6]]
            says.append(f"payload type {', '.join(changes)}")
        for number, words in ((stream.reordered, "out of order"), (stream.duplicates, "twice")):
            if number:
                says.append(f"{number:,} {words}")
        if stream.restarts:
            says.append(f"began anew {count(stream.restarts, 'time')}")
        if len(stream.flows) > 1:
            says.append(f"moved over {len(stream.flows)} flows")
        if stream.continues is not None:
            says.append(f"moved here: goes on from {' to '.join(_ends(report.streams[stream.continues]))}")
        if stream.repairs is not None:
            says.append(f"repairs 0x{stream.repairs:08X}")
        says += [_way(report.streams[number]) for number in stream.ways]
        if stream.rtcp is not None and stream.rtcp.reports:
            says.append(_reported(stream.rtcp))
            delay = stream.rtcp.round_trip_ms
            if delay is not None and delay < MIN_ROUND_TRIP_MS:
                says.append("captured beside its receiver, so no round trip between the two")
        jumps = stream.timing.jumps if stream.timing else 0
        if (stream.jitter_ms or 0.0) >= NO_CLOCK_MS or (jumps and stream.clock and stream.jitter_ms is None):
            says.append("its timestamps follow no clock, so no jitter")
        if says:
            lines += hanging(page, line(span(f"  0x{stream.ssrc:08X}: ", "dim")), "; ".join(says), "dim", indent=4)
    return lines if page.everything else lines[:MAX_CHECKS]


def _way(stream: Stream) -> str:
    """The same stream on another way, with what it lost until there."""
    src, dst = _ends(stream)
    return f"goes on from {src} to {dst}, {_lost(stream)} lost until there"


def _reported(view: RtcpView) -> str:
    """The reports of a stream's receiver."""
    parts = f"its receiver reported {view.cumulative_lost:,} lost, at worst {100 * view.fraction_lost:.1f} %"
    parts += f", {milliseconds(view.jitter_ms)} of jitter at most" if view.jitter_ms is not None else ""
    return parts + (f", MOS {view.mos:.1f}" if view.mos is not None else "")


def _check_stacked(page: Page, check: Check) -> list[Line]:
    src, arrow, dst, _, asked, answered, delay, *_ = _check(check)
    parts = [line(asked, " asked"), line(answered, " answered")]
    parts += [line("round trip ", delay)] if delay.text else []
    ends = hanging(page, line("  "), f"{src.text} {arrow.text} {dst.text}", indent=4)
    return [*ends, *flowing(page, line("    "), parts, " · ", 4)]


def _check(check: Check) -> Line:
    marks = [check.role or "", "nominated" if check.nominated else "", *check.errors[:2]]
    marks += [count(check.indications, "indication") if check.indications else "", check.software or ""]
    answered = "dim" if not check.requests else "green" if check.answered == check.requests else "yellow"
    return (
        span(endpoint(check.src, check.sport)), span("→"), span(endpoint(check.dst, check.dport)),
        span(check.kind), span(f"{check.requests:,}"),
        span(f"{check.answered:,}", answered if check.answered or not check.requests else "red"),
        span(milliseconds(check.round_trip_ms)), span(milliseconds(check.maximum_round_trip_ms), "dim"),
        span(check.mapped or ""), span(", ".join(mark for mark in marks if mark), "dim"),
    )
