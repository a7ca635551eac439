"""Does a stream drift, or did its clock step once? Both bend the line through it; only one of them does so evenly.

The points are the least delayed datagrams of the stream's buckets. Where a datagram came at another moment than its
timestamp says, and the points behind it lie on another level than those before it, the sender's clock stepped there:
it paused, or skipped. A slope is a drift only where each half of the points has it too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import sqrt

from dissectors.mux.counters import Counters
from dissectors.mux.marks import Frame, Surprise
from dissectors.wire.values import Struct

MIN_POINTS, KEPT_POINT_SHARE = 8, 0.75
"""Buckets that make a line of the least delayed datagrams, and the share of them that is kept: a queue may delay all of
the datagrams of a bucket."""

MIN_STEP_SECONDS, STEP_ERRORS = 0.02, 4.0
"""A step is told from so many seconds on, and from so many times the scatter of the points."""

MIN_SHARE_OF_SURPRISE, MAX_SHARE_OF_SURPRISE = 0.4, 1.5
"""How much of what a datagram came too late must remain for it to be a step of the clock, and how much there may be."""

STEP_OVER_SCATTER = 6.0
"""A step, even the last few points alone, scatters all points about one straight line by more than this part of it."""

MIN_POINTS_BEHIND = 3
MAX_HALF_PPM, MAX_HALF_SHARE = 20.0, 0.4
"""How far each half's slope may be from the whole: parts in a million, or a share of the drift."""

MIN_DRIFT_PPM = 50.0
"""Less than this is nobody's concern, and not held to the halves."""


class ClockStep(Struct, frozen=True):
    """From a moment on, the media come so many timestamp units later (below zero) or earlier than before."""

    units: float
    time: int
    frame: Frame


class Levels(Struct, frozen=True):
    """Timestamp units a second between the steps, its standard error as a fraction, the steps, and whether it is even.

    `even` says that both halves of the points have this slope.
    """

    rate: float
    error: float
    steps: tuple[ClockStep, ...]
    even: bool


class _Points:
    """Seconds and timestamp units of the points, one after the other."""

    __slots__ = ("ticks", "times")

    def __init__(self, times: list[float], ticks: list[float]) -> None:
        self.times, self.ticks = times, ticks


class _Fit:
    """A line that may step at cuts: slope, how far the times spread, each group's start, how far points are above."""

    __slots__ = ("groups", "offsets", "rate", "spread", "starts")

    def __init__(
        self, rate: float, spread: float, starts: list[float], offsets: list[float], groups: list[int]
    ) -> None:
        self.rate, self.spread, self.starts, self.offsets, self.groups = rate, spread, starts, offsets, groups


def levels(counters: Counters, nominal: float) -> Levels | None:
    """The slope through the least delayed datagrams, and the steps; None where there are too few buckets.

    `nominal` is about how many timestamp units a second has. Jitter only ever delays, so that this comes nearer to the
    sender's clock than the line through all datagrams.
    """
    points = _Points(*counters.points())
    if len(points.times) < MIN_POINTS:
        return None
    straight = _straight(points.times, points.ticks) if counters.surprises or counters.leaps else None
    # Then no surprise was a step, and nobody needs to know where it would be.
    even = straight is not None and _scatter(straight) < MIN_STEP_SECONDS * nominal / STEP_OVER_SCATTER
    suspects = _suspects(counters, points.times, () if even else counters.surprises)
    while True:
        fit, kept = _least_delayed(points, [each.place for each in suspects], straight if not suspects else None)
        if fit is None or fit.rate <= 0:
            return None
        refuted = _refuted(suspects, fit, nominal) if suspects else None
        if refuted is None:
            break
        del suspects[refuted]
    error = _scatter(fit) / sqrt(fit.spread)
    steps = _steps(suspects, fit, len(points.times)) if suspects else ()
    even = abs(fit.rate / nominal - 1) < MIN_DRIFT_PPM * 1e-6 or _even(points, kept, fit, nominal)
    return Levels(fit.rate, error / fit.rate, steps, even)


def _refuted(suspects: list[Suspect], fit: _Fit, nominal: float) -> int | None:
    """Which of the suspects is the least likely to be a step, if it is none."""
    scatter = _scatter(fit)
    doubts = [_doubt(suspect, fit, number, nominal, scatter) for number, suspect in enumerate(suspects)]
    worst = max(range(len(suspects)), key=doubts.__getitem__)
    return worst if doubts[worst] > 0 else None


def _steps(suspects: list[Suspect], fit: _Fit, count: int) -> tuple[ClockStep, ...]:
    """The steps of so many points, where none of the suspects is refuted."""
    moved = [fit.starts[number + 1] - fit.starts[number] for number in range(len(suspects))]
    return tuple([
        ClockStep(moved[number], each.surprise.time, each.surprise.frame)
        for number, each in enumerate(suspects)
        if each.surprise and each.place <= count - MIN_POINTS_BEHIND
        # Neither taken back later on, nor what takes back an earlier one, as before and behind a queue.
        and _stays(moved[number:]) and _stays(moved[number::-1])
    ])


class Suspect(Struct, frozen=True):
    """Before which point the clock may have stepped: the largest surprise there, and how far all of them there go.

    None where timestamps jumped: the points behind have a level of their own in any case.
    """

    place: int
    surprise: Surprise | None
    size: float


def _those(points: _Points, kept: Sequence[int]) -> _Points:
    """Some of the points."""
    times, ticks = points.times, points.ticks
    return _Points([times[place] for place in kept], [ticks[place] for place in kept])


def _suspects(counters: Counters, times: list[float], surprises: Sequence[Surprise]) -> list[Suspect]:
    if not surprises and not counters.leaps:
        return []
    at: dict[int, list[Surprise]] = {}
    for one in surprises:
        at.setdefault(bisect_left(times, (one.time - counters.origin) / 1e9), []).append(one)
    found = {
        place: Suspect(place, max(ones, key=lambda each: abs(each.size)), sum([each.size for each in ones]))
        for place, ones in at.items()
    }
    for leap in counters.leaps:
        place = bisect_left(times, (leap.time - counters.origin) / 1e9)
        found[place] = Suspect(place, None, 0.0)
    return [found[place] for place in sorted(found) if 0 < place < len(times)]


def _least_delayed(
    points: _Points, cuts: list[int], straight: _Fit | None
) -> tuple[_Fit | None, list[int]]:
    """The line through the best of the points, and which these are; each group between cuts keeps one at least.

    `straight` is the line through all of them, where there are no cuts and it is known.
    """
    everything = list(range(len(points.times)))
    fit = straight or _through(points, everything, cuts)
    if fit is None:
        return None, everything
    order = sorted(everything, key=fit.offsets.__getitem__, reverse=True)
    best = order[: max(MIN_POINTS, round(KEPT_POINT_SHARE * len(everything)))]
    for group in range(len(cuts) + 1) if cuts else ():
        best.append(order[[fit.groups[place] for place in order].index(group)])
    kept = sorted(set(best) if cuts else best)
    return _through(points, kept, cuts), kept


def _through(points: _Points, kept: Sequence[int], cuts: Sequence[int]) -> _Fit | None:
    """The least-squares line with one slope, and a level of its own between each two cuts."""
    some = _those(points, kept)
    times, ticks = some.times, some.ticks
    if not cuts:
        return _straight(times, ticks)
    groups, group = [], 0
    for place in kept:
        while group < len(cuts) and place >= cuts[group]:
            group += 1
        groups.append(group)
    sums = [[0.0, 0.0, 0.0] for _ in range(len(cuts) + 1)]
    for time, units, group in zip(times, ticks, groups, strict=True):
        sums[group][0] += 1
        sums[group][1] += time
        sums[group][2] += units
    middles = [(time / count, units / count) if count else (0.0, 0.0) for count, time, units in sums]
    spread = product = 0.0
    for time, units, group in zip(times, ticks, groups, strict=True):
        away = time - middles[group][0]
        spread += away * away
        product += away * (units - middles[group][1])
    if spread <= 0:
        return None
    rate = product / spread
    starts = [units - rate * time for time, units in middles]
    offsets = [units - starts[group] - rate * time for time, units, group in zip(times, ticks, groups, strict=True)]
    return _Fit(rate, spread, starts, offsets, groups)


def _straight(times: list[float], ticks: list[float]) -> _Fit | None:
    """The same without any cut, which is nearly all there is."""
    count = len(times)
    if not count:
        return None
    # Some versions of Python add up more exactly by `sum` than what is compiled does.
    middle = mean = 0.0
    for time in times:
        middle += time
    for units in ticks:
        mean += units
    middle, mean = middle / count, mean / count
    spread = product = 0.0
    for at in range(count):
        time, units = times[at], ticks[at]
        away = time - middle
        spread += away * away
        product += away * (units - mean)
    if spread <= 0:
        return None
    rate = product / spread
    start = mean - rate * middle
    offsets = []
    for at in range(count):
        time, units = times[at], ticks[at]
        offsets.append(units - start - rate * time)
    return _Fit(rate, spread, [start], offsets, [0] * count)


def _scatter(fit: _Fit) -> float:
    offsets = fit.offsets
    free = len(offsets) - len(fit.starts) - 1
    total = 0.0
    for offset in offsets:
        total += offset * offset
    return sqrt(total / max(1, free))


def _doubt(suspect: Suspect, fit: _Fit, number: int, nominal: float, scatter: float) -> float:
    """How much speaks against a step, above zero where it is none."""
    if suspect.surprise is None:
        return -1.0
    expected = suspect.size
    moved = fit.starts[number + 1] - fit.starts[number]
    least = max(MIN_STEP_SECONDS * nominal, STEP_ERRORS * scatter, MIN_SHARE_OF_SURPRISE * abs(expected))
    if moved * expected <= 0:
        return 1 + abs(expected)
    beyond = abs(moved) - MAX_SHARE_OF_SURPRISE * abs(expected) - MIN_STEP_SECONDS * nominal
    return max(least - abs(moved), beyond)


def _stays(moved: Sequence[float]) -> bool:
    """Whether the first of these steps is not taken back by the others, one after the other."""
    total, first = 0.0, moved[0]
    for each in moved:
        total += each
        if total * first <= 0 or abs(total) < abs(first) / 2:
            return False
    return True


def _even(points: _Points, kept: Sequence[int], fit: _Fit, nominal: float) -> bool:
    """Whether each half of the points has the slope of the whole."""
    middle = len(kept) // 2
    tolerated = max(MAX_HALF_PPM * 1e-6 * nominal, MAX_HALF_SHARE * abs(fit.rate - nominal))
    for start, end in ((0, middle), (middle, len(kept))):
        groups = fit.groups[start:end] if len(fit.starts) > 1 else []
        cuts = [place for place in range(1, len(groups)) if groups[place] != groups[place - 1]]
        half = _through(_those(points, kept[start:end]), range(end - start), cuts)
        if half is None or abs(half.rate - fit.rate) > tolerated:
            return False
    return True
