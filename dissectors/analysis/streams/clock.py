"""Which clock a stream's timestamps count, read off the wire: their slope over arrival times, and the usual step.

The slope is that of the least-squares line, so that jitter, loss and reordering do not bend it. It is believed only
where it comes to a clock that codecs use and the step comes to a frame that they make: what was captured faster or
slower than real time has a slope too, and it means nothing.
"""

from __future__ import annotations

from dissectors.analysis.streams.levels import MAX_HALF_PPM, MAX_HALF_SHARE, Levels, levels
from dissectors.analysis.streams.silence import Silence
from dissectors.mux.counters import CLOCKS, Counters
from dissectors.report import Certainty, Timing
from dissectors.wire.values import Struct

KNOWN_CLOCKS = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)
VIDEO_CLOCK = 90000
MIN_SLOPE_PACKETS, MIN_SLOPE_SECONDS = 20, 0.4
"""Datagrams and seconds without which a slope says nothing."""

MAX_RATE_ERROR, MAX_RATE_ERROR_TYPICAL = 0.01, 0.05
"""How far a slope may be from a clock, and from one that has its typical step: pauses and jitter bend a slope."""

MIN_DRIFT_SECONDS = 10.0
MAX_DRIFT_ERROR_PPM = 25.0
"""Drift is told after so many seconds and with a standard error of at most so many parts in a million."""

USUAL_FRAME_MS = (10.0, 20.0, 30.0, 40.0, 60.0)
RARE_FRAME_MS = (2.5, 5.0, 80.0, 100.0, 120.0)
"""Frames that few senders make, believed only where the step is nobody's 20 ms at another speed."""

AAC_FRAME_SAMPLES = (480, 512, 960, 1024, 2048)
AAC_CLOCKS = (16000, 22050, 24000, 32000, 44100, 48000)
"""Samples in a frame of the AAC family, whose frames are no round number of milliseconds at 22.05 or 44.1 kHz."""

TYPICAL_CLOCKS_AND_STEPS = (
    (8000, 160), (8000, 240), (16000, 320), (16000, 480), (24000, 480), (22050, 480), (32000, 640), (48000, 960),
    (44100, 1024), (48000, 1024),
    *((VIDEO_CLOCK, step) for step in (1500, 1800, 3000, 3003, 3600, 3750, 6000)),
)
"""Clocks and steps that most streams have: what they speak for is weighed against another speed of the capture."""

VIDEO_FRAME_RATES = (5.0, 130.0)
"""Pictures a second between which a slope of 90,000 is taken for video."""


class Slope(Struct, frozen=True):
    """Timestamp units a second over `seconds`, and the standard error of that as a fraction of it."""

    rate: float
    error: float
    seconds: float


def slope(counters: Counters) -> Slope | None:
    """The least-squares slope of timestamps over arrival times; None where there is too little to tell."""
    seconds = (counters.last - counters.origin) / 1e9
    if counters.samples < MIN_SLOPE_PACKETS or seconds < MIN_SLOPE_SECONDS:
        return None
    line = counters.line
    return None if line is None else Slope(line[0], line[1], seconds)


def frame(counters: Counters) -> int | None:
    """The usual timestamp step between datagrams that follow one another, zero steps left out; None where none is."""
    steps = counters.steps
    if len(steps) == 1:
        step = next(iter(steps))
        return step if step > 0 else None
    most = max([(count, -step) for step, count in steps.items() if step > 0], default=None)
    return -most[1] if most else None


def nearest(rate: float) -> int | None:
    """The known clock within one per cent of a rate."""
    clock = min(KNOWN_CLOCKS, key=lambda each: abs(each - rate))
    return clock if abs(rate - clock) <= MAX_RATE_ERROR * clock else None


def usual(clock: int, step: int) -> bool:
    """Whether a timestamp step makes one of the frames, or pictures, that nearly everybody sends at this clock."""
    if clock == VIDEO_CLOCK:
        return VIDEO_FRAME_RATES[0] <= VIDEO_CLOCK / step <= VIDEO_FRAME_RATES[1]
    if clock in AAC_CLOCKS and step in AAC_FRAME_SAMPLES:
        return True
    return any(abs(1000 * step / clock - each) < 0.01 for each in USUAL_FRAME_MS)


class Inferred(Struct, frozen=True):
    """The clock in Hz that the wire shows, how sure that is, and from what, or why none is believed."""

    clock: int | None
    certainty: Certainty
    why: str


def inferred(counters: Counters) -> Inferred:
    """What the wire shows of a stream's clock."""
    line, step = slope(counters), frame(counters)
    if line is None or step is None:
        return Inferred(None, "unknown", "too little of the stream to measure its clock")
    measured = f"timestamps advance {line.rate:,.0f} a second, in steps of {step:,}"
    clock, otherwise = _believed(line.rate, step), _at_another_speed(_candidates(line.rate, step))
    if clock is None:
        why = f"{otherwise}, so no clock is read" if otherwise else "no known clock"
        return Inferred(None, "unknown", f"{measured}: {why}")
    why = f"{measured} ({1000 * step / clock:.4g} ms at {clock:,} Hz)"
    if abs(line.rate / clock - 1) > MAX_RATE_ERROR:
        return Inferred(clock, "low", f"{why}, which is near enough for a stream that pauses")
    if otherwise and clock != VIDEO_CLOCK and (clock, step) not in TYPICAL_CLOCKS_AND_STEPS:
        return Inferred(clock, "low", f"{why}, unless {otherwise}")
    return Inferred(clock, "medium", why)


def _believed(rate: float, step: int) -> int | None:
    """The clock that both the slope and the frame speak for."""
    clock = nearest(rate)
    if clock is None:
        typical = (each for each, usual_step in TYPICAL_CLOCKS_AND_STEPS if usual_step == step)
        return next((each for each in typical if abs(rate / each - 1) <= MAX_RATE_ERROR_TYPICAL), None)
    if usual(clock, step):
        return clock
    rare = any(abs(1000 * step / clock - each) < 0.01 for each in RARE_FRAME_MS)
    elsewhere = any(abs(step / each - 0.02) < 1e-4 for each in CLOCKS if each != VIDEO_CLOCK)
    return clock if rare and clock != VIDEO_CLOCK and not elsewhere else None


def _candidates(rate: float, step: int) -> list[tuple[int, float]]:
    """Clocks at which the step is a typical one, and how many times as fast as real time the capture then runs."""
    found = [(clock, rate / clock) for clock, typical in TYPICAL_CLOCKS_AND_STEPS if typical == step]
    return [(clock, factor) for clock, factor in found if abs(factor - 1) > MAX_RATE_ERROR]


def _at_another_speed(candidates: list[tuple[int, float]]) -> str:
    """The same in words; a capture that is slowed down is thought of only where none is faster."""
    faster = [each for each in candidates if each[1] > 1]
    words = " or ".join(f"{factor:.3g} times, if the clock is {each:,} Hz" for each, factor in faster or candidates)
    return f"captured {'faster' if faster else 'slower'} than real time ({words})" if words else ""


def steady(counters: Counters, clock: int | None, line: Slope | None) -> Levels | None:
    """The slope between steps of the sender's clock, and the steps; None where there is too little of the stream.

    `line` is the slope of all of it.
    """
    return levels(counters, clock or line.rate) if line is not None else None


def timing(
    counters: Counters, clock: int | None, evidence: str, line: Slope | None, step: int | None, even: Levels | None,
    silent: Silence | None, excused: float,
) -> Timing:
    """What the timestamps say, given the stream's clock in Hz (None where it is unknown).

    `line` is the slope of all of it, `step` the usual timestamp step, `even` the slope between steps of the clock.

    In `excused` seconds the sender paused for another reason than silence; no drift is told of such a stream, as
    timestamps stand still while a key is pressed.
    """
    if line is not None and even is not None and (even.error < line.error or counters.surprises or counters.leaps):
        line = Slope(even.rate, even.error, line.seconds)
    real_time = in_real_time(line, clock)
    if clock is None and line is not None and step is not None and not _believed(line.rate, step):
        real_time = False if any(factor > 1 for _, factor in _candidates(line.rate, step)) else None
    drifts = real_time and not excused and even is not None and even.even and _agree(line, even, clock)
    drift = _drift(line, clock) if drifts else None
    return Timing(
        rate=line.rate if line else None,
        error_ppm=1e6 * line.error if line else None,
        drift_ppm=drift,
        frame=step,
        frame_ms=1000 * step / clock if step and clock else None,
        silence=silent.share if silent else None,
        jumps=counters.jumps,
        real_time=real_time,
        evidence=_said(line, clock, real_time) or evidence,
        rhythm_ms=silent.rhythm_ms if silent else None,
        together=counters.close,
        unnumbered=silent.missing if silent else 0,
    )


def _agree(line: Slope | None, even: Levels, clock: int | None) -> bool:
    """Whether the line through all datagrams drifts as the one through the least delayed does; a step bends one."""
    if line is None or not clock:
        return False
    tolerated = max(MAX_HALF_PPM * 1e-6 * clock, MAX_HALF_SHARE * abs(even.rate - clock))
    return abs(line.rate - even.rate) <= tolerated


def in_real_time(line: Slope | None, clock: int | None) -> bool | None:
    """Whether the capture runs as fast as the media; None where that cannot be told."""
    if line is None or not clock:
        return None
    off = abs(line.rate / clock - 1)
    if off <= MAX_RATE_ERROR + 3 * line.error:
        return True
    # A sender that stops its timestamps while it is silent is slow, not the capture: only a faster one is certain.
    return False if line.rate > clock else None


def _drift(line: Slope | None, clock: int | None) -> float | None:
    if line is None or not clock or line.seconds < MIN_DRIFT_SECONDS or 1e6 * line.error > MAX_DRIFT_ERROR_PPM:
        return None
    return 1e6 * (line.rate / clock - 1)


def _said(line: Slope | None, clock: int | None, real_time: bool | None) -> str:
    if line is None or not clock or real_time is not False:
        return ""
    return (
        f"timestamps advance {line.rate:,.0f} a second and the clock is {clock:,} Hz: the datagrams were captured "
        f"{line.rate / clock:.3g} times faster than they are played, so that jitter and times mean nothing"
    )

