"""Streams over one time axis: loss, jitter and bitrate as lines, with the moments at which something happened.

A chart is 1000 units wide, the time of the capture; the script of the page shows a part of it by its view box alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dissectors.outputs.terminal.lines import Page
from dissectors.outputs.terminal.moments import milliseconds, moment
from dissectors.outputs.terminal.parties import party
from dissectors.report import Report, Stream
from dissectors.wire.datagram import endpoint

MAX_STREAMS = 40
MAX_POINTS = 300
MAX_EVENTS = 40
WIDTH, HEIGHT = 1000.0, 48.0
TICKS = 6
LEAST_LOSS, LEAST_JITTER_MS, LEAST_KILOBITS = 1.0, 5.0, 1.0
"""The least height of each axis: noise must not look like trouble."""


class Chart(NamedTuple):
    """One line: its points, the height of its axis, its unit."""

    name: str
    unit: str
    points: str
    most: float
    worst: str


class Event(NamedTuple):
    """Something at a moment (`x`) that lasted (`width`)."""

    x: float
    width: float
    text: str
    style: str


class Picture(NamedTuple):
    """A stream: who sends what to whom, its figures, its charts."""

    position: int
    title: str
    ends: str
    call: int | None
    number: str
    facts: list[tuple[str, str, str]]
    charts: list[Chart]
    events: list[Event]
    begin: float
    width: float


def pictures(page: Page, report: Report) -> tuple[list[Picture], int]:
    """The streams, those with trouble first among many, and how many are left out."""
    positions = list(range(len(report.streams)))
    if len(positions) > MAX_STREAMS:
        found = {finding.stream for finding in report.findings}
        positions.sort(key=lambda i: (i not in found, -report.streams[i].lost, -report.streams[i].packets))
    return [_picture(page, report, i) for i in positions[:MAX_STREAMS]], max(0, len(positions) - MAX_STREAMS)


def ticks(page: Page, report: Report) -> list[tuple[float, str]]:
    """Moments along the axis, in per cent of its width."""
    zero, whole = report.capture.first or 0.0, report.capture.duration
    return [(round(100 * i / TICKS, 2), moment(page, zero + whole * i / TICKS)) for i in range(TICKS + 1)]


def _picture(page: Page, report: Report, position: int) -> Picture:
    stream = report.streams[position]
    zero, whole = report.capture.first or 0.0, report.capture.duration or 1.0
    call = None if stream.call is None else report.calls[stream.call]
    who = ""
    if call is not None and stream.sender in ("caller", "callee"):
        who = f"{party(call.caller if stream.sender == 'caller' else call.callee)}, the {stream.sender}"
    ends = f"{endpoint(stream.src, stream.sport)} → {endpoint(stream.dst, stream.dport)}"
    kind = f"{stream.kind} " if stream.kind else ""
    begin = WIDTH * (stream.first - zero) / whole
    return Picture(
        position, f"{kind}{stream.codec or 'unknown codec'}{f' from {who}' if who else ''}",
        f"{ends}, SSRC 0x{stream.ssrc:08X}", stream.call, report.number_of(stream.call), list(_facts(stream)),
        list(_charts(stream, zero, whole)), list(_events(page, stream, zero, whole)),
        round(begin, 1), round(max(2.0, WIDTH * (stream.last - stream.first) / whole), 1),
    )


def _facts(stream: Stream) -> Iterator[tuple[str, str, str]]:
    """A name, a value, and `bad`, `odd` or nothing."""
    yield "packets", f"{stream.packets:,}", ""
    worse = "bad" if stream.lost_fraction >= 0.02 else "odd" if stream.lost_fraction >= 0.005 else ""
    yield "lost", f"{stream.lost:,} ({100 * stream.lost_fraction:.1f} %)", worse
    if stream.jitter_ms is not None:
        yield "jitter", milliseconds(stream.jitter_ms), "odd" if stream.jitter_ms > 30 else ""
    yield "largest gap", milliseconds(stream.largest_gap_ms), ""
    if stream.quality is not None and stream.quality.mos is not None:
        mos = stream.quality.mos
        yield "MOS, estimated", f"{mos:.1f}", "bad" if mos < 3.1 else "odd" if mos < 3.6 else ""
    if stream.rtcp is not None and stream.rtcp.round_trip_ms:
        yield "round trip", milliseconds(stream.rtcp.round_trip_ms), ""
    if stream.timing is not None and stream.timing.drift_ppm is not None:
        yield "clock", f"{round(stream.timing.drift_ppm):+d} ppm", ""
    yield "protection", "SRTP" if stream.encrypted else "none", "" if stream.encrypted else "odd"


def _charts(stream: Stream, zero: float, whole: float) -> Iterator[Chart]:
    loss, jitter, rate = [], [], []
    time, packets, lost, octets = stream.first, 0, 0, 0
    every = max(1, -(-len(stream.timeline) // MAX_POINTS))
    for one in [*stream.timeline[every - 1 :: every], *(stream.timeline[-1:] if every > 1 else ())]:
        passed = one.time - time
        if passed <= 0:
            continue
        x = WIDTH * (one.time - zero) / whole
        came, gone = one.packets - packets, max(0, one.lost - lost)
        loss.append((x, 100 * gone / (came + gone) if came + gone > 0 else 0.0))
        rate.append((x, max(0, one.octets - octets) * 8 / passed / 1000))
        if one.jitter_ms is not None:
            jitter.append((x, one.jitter_ms))
        time, packets, lost, octets = one.time, one.packets, one.lost, one.octets
    start = WIDTH * (stream.first - zero) / whole
    for name, unit, points, least in (
        ("loss", "%", loss, LEAST_LOSS),
        ("jitter", "ms", jitter, LEAST_JITTER_MS),
        ("bitrate", "kbit/s", rate, LEAST_KILOBITS),
    ):
        if points:
            yield _chart(name, unit, [(start, points[0][1]), *points], least)


def _chart(name: str, unit: str, points: Sequence[tuple[float, float]], least: float) -> Chart:
    highest = max(value for _, value in points)
    most = max(least, highest * 1.1)
    drawn = " ".join(f"{x:.1f},{HEIGHT * (1 - value / most):.1f}" for x, value in points)
    return Chart(name, unit, drawn, round(most, 3), f"{highest:.1f} {unit} at most")


def _events(page: Page, stream: Stream, zero: float, whole: float) -> Iterator[Event]:
    """Gaps as they lasted, keys that were pressed, and marks of the stream."""
    told: list[tuple[float, float, str, str]] = [
        (gap.start, gap.seconds, f"nothing came for {milliseconds(1000 * gap.seconds)}, {gap.missing:,} missing", "gap")
        for gap in stream.gaps
    ]
    told += [(digit.time, 0.0, f"key {digit.digit}", "key") for digit in stream.digits]
    told += [(mark.time, 0.0, mark.kind, "mark") for mark in stream.marks]
    for time, lasted, text, style in sorted(told)[:MAX_EVENTS]:
        x = WIDTH * (time - zero) / whole
        yield Event(round(x, 1), round(max(1.5, WIDTH * lasted / whole), 1), f"{moment(page, time)}: {text}", style)
