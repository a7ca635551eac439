"""How fast timestamps advance: whether the capture runs in real time, and how far a steady stream is off its clock."""

from __future__ import annotations

from bisect import bisect_right

from dissectors.findings.kinds import video
from dissectors.findings.moments import mark
from dissectors.findings.rule import Facts
from dissectors.report import Moment, Stream
from dissectors.wire.values import Struct

MIN_PACKETS = 50

MIN_OFF, MAX_OFF = 0.01, 0.5
"""From what share of its clock on a stream is off rather than drifting, and beyond what it is another clock: that is
told of a clock that was announced."""

MIN_SECONDS, PARTS = 20.0, 4
MAX_PART_SHARE = 0.5
"""How long a stream must be, and by what share of what it is off each of its parts may differ from the whole."""

FAR_OFF, MIN_SECONDS_FAR_OFF = 0.4, 8.0
"""What is so far off is seen sooner."""

MAX_SHARING = 3
"""So many packets of sound may have each timestamp."""

MAX_STEADY_SHARE = 0.1
"""By what share of what it is off the frames of a stream may differ from its timestamps."""

MAX_FRAME_SHARE = 0.06
"""By what share the frames of a stream may differ from those of the other direction to be of the same clock."""

MAX_PAUSE_MS, MAX_PAUSE_FRAMES = 100.0, 3.0
"""A longer time without a datagram is a pause, in which a sender may stop its clock."""


class RateOff(Struct, frozen=True):
    """The clock of a stream in Hz, how many timestamp units passed in a second, and the share by which that is off."""

    clock: int
    rate: float
    share: float


def rate_off(facts: Facts, stream: Stream) -> RateOff | None:
    """By how much a stream runs off its clock, steadily; None where anything else may explain it.

    It must have frames of one length all the time, without pauses, silence, jumps or steps, for 20 seconds, or for 8
    where it is far off; and other streams must say that the capture runs in real time.
    """
    timing = stream.timing
    if timing is None or timing.rate is None or not timing.frame or timing.real_time or timing.jumps:
        return None
    seconds = stream.last - stream.first
    if seconds < MIN_SECONDS_FAR_OFF or stream.restarts or stream.repairs is not None or stream.reused:
        return None
    clock = _clock(facts, stream)
    off = timing.rate / clock - 1 if clock else 0.0
    doubt = max(timing.silence or 0.0, 1e-6 * (timing.error_ppm or 0.0))
    if clock is None or abs(off) < MIN_OFF or doubt > MAX_STEADY_SHARE * abs(off):
        return None
    if abs(off) < FAR_OFF and seconds < MIN_SECONDS or abs(off) > MAX_OFF and stream.certainty != "certain":
        return None
    if stream.largest_gap_ms > max(MAX_PAUSE_MS, MAX_PAUSE_FRAMES * 1000 * timing.frame / clock):
        return None
    if mark(stream, "jump", "step", "pause", "restart", "alternation") is not None or not in_real_time(facts, stream):
        return None
    return RateOff(clock, timing.rate, off) if _steady(stream, timing.rate, timing.frame, abs(off)) else None


def _steady(stream: Stream, rate: float, frame: int, off: float) -> bool:
    """Whether frames of one length make this rate, in all of the stream and in each part of it."""
    pictures = video(stream)
    # That a stream has pictures is seen only after a while.
    moments = [each for each in stream.timeline if each.frames or not pictures]
    if len(moments) < 2 * PARTS:
        return False

    def made(begin: Moment, end: Moment) -> float:
        """Timestamp units a second, by the frames that were sent."""
        frames = end.frames - begin.frames if pictures else end.packets + end.lost - begin.packets - begin.lost
        return frames * frame / max(1e-3, end.time - begin.time)

    whole = made(moments[0], moments[-1]) / rate
    sharing = 1 if pictures else min(MAX_SHARING, max(1, round(whole)))
    if abs(whole / sharing - 1) > MAX_STEADY_SHARE * off + frame / (rate * MIN_SECONDS):
        return False
    cuts = [moments[place * (len(moments) - 1) // PARTS] for place in range(PARTS + 1)]
    return all(
        abs(made(begin, end) / rate / sharing - 1) <= MAX_PART_SHARE * off
        for begin, end in zip(cuts, cuts[1:], strict=False)
    )


def _clock(facts: Facts, stream: Stream) -> int | None:
    """The clock that was announced for a stream; else that of what the other side sends under its payload type."""
    if stream.certainty == "certain" or not stream.payloads:
        return stream.clock
    way = stream.dst, stream.dport, stream.src, stream.sport, stream.payloads[0].payload_type
    clock, frame = facts.once(_answered).get(way, (None, 1))
    own = stream.timing.frame if stream.timing and stream.timing.frame else 0
    return clock if abs(own / frame - 1) <= MAX_FRAME_SHARE else None


Way = tuple[str, int, str, int, int]
"""From where to where, and the payload type."""


def _answered(facts: Facts) -> dict[Way, tuple[int, int]]:
    """The clock of each stream that keeps to it, and its usual timestamp step, by its way."""
    return {
        (each.src, each.sport, each.dst, each.dport, each.payloads[0].payload_type): (each.clock, each.timing.frame)
        for each in facts.streams
        if each.clock and each.payloads and each.timing and each.timing.real_time and each.packets >= MIN_PACKETS
        and each.timing.frame
    }


def in_real_time(facts: Facts, stream: Stream) -> bool:
    """Whether other streams say that this time was captured as it passed: a faster capture makes them all fast."""
    begins, ends = facts.once(_real_times)
    place = bisect_right(begins, stream.last) - 1
    if place < 0:
        return False
    both = min(stream.last, ends[place]) - max(stream.first, begins[place])
    return both > (stream.last - stream.first) / 2


def _real_times(facts: Facts) -> tuple[list[float], list[float]]:
    """When streams ran in real time: spans that do not overlap, in order, by their begins and ends."""
    begins: list[float] = []
    ends: list[float] = []
    for stream in sorted(facts.streams, key=lambda each: each.first):
        if stream.packets < MIN_PACKETS or stream.timing is None or not stream.timing.real_time:
            continue
        if ends and stream.first <= ends[-1]:
            ends[-1] = max(ends[-1], stream.last)
        else:
            begins.append(stream.first)
            ends.append(stream.last)
    return begins, ends
