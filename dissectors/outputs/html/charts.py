"""Streams over one time axis: loss, jitter, bitrate, pictures, clock as lines; moments at which something happened.

A chart is 1000 units wide, the time of the capture; the script of the page shows a part of it by its view box alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dissectors.outputs.terminal.lines import Page, count
from dissectors.outputs.terminal.moments import milliseconds, moment, seconds
from dissectors.outputs.terminal.parties import party
from dissectors.report import Report, Stream
from dissectors.report.stream import Mark, MarkKind, Moment
from dissectors.report.video import Video
from dissectors.wire.datagram import endpoint

MAX_STREAMS = 40
MAX_POINTS, MAX_ALL_POINTS = 300, 3000
MAX_EVENTS, MAX_ALL_EVENTS = 40, 400
"""Points of a chart and moments of a stream; the same of all streams together."""

MIN_END_SECONDS = 0.2
"""What is left after the last moment of a timeline has a point of its own from so much time on."""

WIDTH, HEIGHT = 1000.0, 48.0
TICKS = 6
LEAST_LOSS, LEAST_JITTER_MS, LEAST_KILOBITS, LEAST_FRAMES = 1.0, 5.0, 1.0, 10.0
"""The least height of each axis: noise must not look like trouble."""

MIN_CLOCK_MS = 1.0
"""A clock that is off by less at all times has no chart."""

MARKS: dict[MarkKind, str] = {
    "jump": "the timestamp jumps", "step": "the media come {} from here on", "pause": "the sender paused for {}",
    "late": "the first packet that came late", "twice": "the first packet that came twice",
    "loss": "the most packets lost at once: {}", "irregular": "the most unexpected moment of a packet",
    "restart": "the sequence numbers begin elsewhere", "rhythm": "frames of {} from here on",
    "alternation": "timestamps of two clocks, as of two sources",
}
"""What marks say; `{}` is how long, or how many."""


class Chart(NamedTuple):
    """One line: its points, the values at the lower and the upper end of its axis, its unit."""

    name: str
    unit: str
    points: str
    most: float
    worst: str
    least: float = 0.0


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
    shown = positions[:MAX_STREAMS]
    return [_picture(page, report, i, len(shown)) for i in shown], len(positions) - len(shown)


def ticks(page: Page, report: Report) -> list[tuple[float, str]]:
    """Moments along the axis, in per cent of its width."""
    zero, whole = report.capture.first or 0.0, report.capture.duration
    return [(round(100 * i / TICKS, 2), moment(page, zero + whole * i / TICKS)) for i in range(TICKS + 1)]


def _picture(page: Page, report: Report, position: int, streams: int) -> Picture:
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
        list(_charts(stream, zero, whole, min(MAX_POINTS, MAX_ALL_POINTS // streams))),
        list(_events(page, stream, zero, whole))[: min(MAX_EVENTS, MAX_ALL_EVENTS // streams)],
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
        yield "clock", f"{round(stream.timing.drift_ppm) or 0:+d} ppm", ""
    if stream.video is not None:
        yield from _picture_facts(stream.video)
    yield "protection", "SRTP" if stream.encrypted else "none", "" if stream.encrypted else "odd"


def _picture_facts(video: Video) -> Iterator[tuple[str, str, str]]:
    if video.frames_per_second is not None:
        yield "pictures a second", f"{video.frames_per_second:.1f}", ""
    if video.key_frames is not None:
        sure = "" if video.key_frames.certainty == "certain" else " (guessed)"
        yield "key frames", f"{video.key_frames.count:,}{sure}", ""
    if video.frozen:
        yield "frozen", f"{video.frozen:,} ×, {seconds(video.frozen_seconds)}", "odd"


def _charts(stream: Stream, zero: float, whole: float, most: int) -> Iterator[Chart]:
    loss, jitter, rate, frames = [], [], [], []
    time, packets, lost, octets, seen = stream.first, 0, 0, 0, 0
    for one in _moments(stream, most):
        passed = one.time - time
        if passed <= 0:
            continue
        x = WIDTH * (one.time - zero) / whole
        came, gone = one.packets - packets, max(0, one.lost - lost)
        loss.append((x, 100 * gone / (came + gone) if came + gone > 0 else 0.0))
        rate.append((x, max(0, one.octets - octets) * 8 / passed / 1000))
        if one.jitter_ms is not None:
            jitter.append((x, one.jitter_ms))
        if stream.video is not None and one.time < stream.last:
            frames.append((x, max(0, one.frames - seen) / passed))
        time, packets, lost, octets, seen = one.time, one.packets, one.lost, one.octets, one.frames
    start = WIDTH * (stream.first - zero) / whole
    for name, unit, points, least in (
        ("loss", "%", loss, LEAST_LOSS),
        ("jitter", "ms", jitter, LEAST_JITTER_MS),
        ("bitrate", "kbit/s", rate, LEAST_KILOBITS),
        ("estimate", "kbit/s", list(_estimates(stream, zero, whole)), LEAST_KILOBITS),
        ("pictures", "a second", frames, LEAST_FRAMES),
    ):
        if points:
            yield _chart(name, unit, [(start, points[0][1]), *points], least)
    yield from _clock(stream, zero, whole)


def _moments(stream: Stream, most: int) -> Iterator[Moment]:
    """The timeline, thinned where it is long, and its end: what came after its last moment counts, too."""
    line = stream.timeline
    if not line:
        return
    every = max(1, -(-len(line) // most))
    yield from line[every - 1 :: every]
    end, frames = line[-1], stream.video.frames if stream.video is not None else 0
    if stream.last - end.time >= MIN_END_SECONDS and stream.packets > end.packets and stream.octets >= end.octets:
        jitter = end.jitter_ms if stream.jitter_ms is None else stream.jitter_ms
        yield Moment(stream.last, stream.packets, max(stream.lost, end.lost), jitter, stream.octets, frames)
    elif len(line) % every:
        yield end


def _estimates(stream: Stream, zero: float, whole: float) -> Iterator[tuple[float, float]]:
    """What the receiver can take by its own estimate (REMB), in kilobits a second."""
    for each in stream.feedback.estimates if stream.feedback is not None else ():
        yield WIDTH * (each.time - zero) / whole, each.bitrate / 1000


def _clock(stream: Stream, zero: float, whole: float) -> Iterator[Chart]:
    """How much later media come than their timestamps say, by the sender's clock and by steps of it."""
    drift = stream.timing.drift_ppm if stream.timing is not None else None
    if stream.timing is None or drift is None or stream.timing.real_time is False or not stream.timeline:
        return
    points = [(stream.first, 0.0)]
    for mark in sorted((mark for mark in stream.marks if mark.kind == "step"), key=lambda mark: mark.time):
        time, late = points[-1]
        late -= drift * (mark.time - time) / 1000
        points += [(mark.time, late), (mark.time, late + (mark.milliseconds or 0.0))]
    time, late = points[-1]
    points.append((stream.last, late - drift * (stream.last - time) / 1000))
    low, high = min(late for _, late in points), max(late for _, late in points)
    if max(-low, high) < MIN_CLOCK_MS:
        return
    room = 0.1 * (high - low)
    low, high = low - room, high + room
    drawn = " ".join(
        f"{WIDTH * (time - zero) / whole:.1f},{HEIGHT * (high - late) / (high - low):.1f}" for time, late in points
    )
    end = points[-1][1]
    told = f"media {milliseconds(abs(end))} {'later' if end > 0 else 'earlier'} at the end than their timestamps say"
    yield Chart("clock", "ms", drawn, round(high, 3), told, round(low, 3))


def _chart(name: str, unit: str, points: Sequence[tuple[float, float]], least: float) -> Chart:
    highest = max(value for _, value in points)
    most = max(least, highest * 1.1)
    drawn = " ".join(f"{x:.1f},{HEIGHT * (1 - value / most):.1f}" for x, value in points)
    return Chart(name, unit, drawn, round(most, 3), f"{highest:,.1f} {unit} at most")


def _events(page: Page, stream: Stream, zero: float, whole: float) -> Iterator[Event]:
    """Gaps as they lasted, keys that were pressed, and marks of the stream."""
    told: list[tuple[float, float, str, str]] = [
        (gap.start, gap.seconds, f"nothing came for {milliseconds(1000 * gap.seconds)}, {gap.missing:,} missing", "gap")
        for gap in stream.gaps
    ]
    told += [(digit.time, 0.0, f"key {digit.digit}", "key") for digit in stream.digits]
    told += [(mark.time, 0.0, _mark(mark), "mark") for mark in stream.marks]
    if stream.video is not None:
        keys = stream.video.key_frames
        for key in keys.listed if keys is not None else ():
            told.append((key.time, 0.0, f"key frame, {key.octets:,} bytes", "key"))
        for each in stream.video.freezes:
            still = f"the picture stood still for {milliseconds(1000 * each.seconds)}"
            told.append((each.time - each.seconds, each.seconds, still, "gap"))
    if stream.feedback is not None and (burst := stream.feedback.burst) is not None:
        asked = f"{count(burst.requests, 'request')} for a key frame"
        asked += f" in {seconds(burst.seconds)}" if burst.requests > 1 else ""
        told.append((burst.time, burst.seconds, asked, "mark"))
    for time, lasted, text, style in sorted(told):
        x = WIDTH * (time - zero) / whole
        yield Event(round(x, 1), round(max(1.5, WIDTH * lasted / whole), 1), f"{moment(page, time)}: {text}", style)


def _mark(mark: Mark) -> str:
    """What a mark says, in words."""
    lasted = "" if mark.milliseconds is None else milliseconds(abs(mark.milliseconds))
    if mark.kind == "step":
        lasted = f"{lasted} {'earlier' if (mark.milliseconds or 0.0) < 0 else 'later'}"
    return MARKS[mark.kind].format(lasted or f"{mark.units:,}")
