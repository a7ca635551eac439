"""What a queue on the way does to a stream of which nothing is lost: it comes later for some seconds, or stalls.

A delay is known against the others of the same stream alone: how much later a datagram comes than its timestamp has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

from dissectors.mux.counters import Counters
from dissectors.mux.marks import Surprise
from dissectors.report import Place, Stalls, Swell

MIN_LATER_SECONDS, MIN_SWELL_SECONDS, MIN_POINTS_LATER = 0.05, 0.1, 2
"""By how much everything comes later in a swell, and at its height, and in how many buckets of the timeline."""

MIN_STALL_SECONDS, MIN_STALLS = 0.1, 4
"""How long a stall is, and how often it comes back."""

MIN_PERIOD_SECONDS, MAX_LEFT_OUT, MAX_OFF_SHARE = 0.5, 4, 0.1
"""How far apart stalls are; so many of them may be missing between two, and so far may they be from regular."""


def swells(counters: Counters, clock: int) -> tuple[Swell, ...]:
    """When all datagrams came later than those before and behind, by the least delayed one of each bucket.

    That needs a stream in real time whose timestamps do not jump; `clock` is theirs in Hz.
    """
    times, ticks = counters.points()
    if counters.jumps or len(times) < MIN_POINTS_LATER + 2:
        return ()
    delays = [time - units / clock for time, units in zip(times, ticks, strict=True)]
    if max(delays) - min(delays) < MIN_SWELL_SECONDS:
        return ()
    # What stays later, as with a clock that drifts, is later than what came before alone.
    before, behind = [*accumulate(delays, min)], [*accumulate(reversed(delays), min)][::-1]
    later = [delay - max(least) for delay, *least in zip(delays, before, behind, strict=True)]
    return tuple([
        Swell(counters.origin / 1e9 + times[first], counters.origin / 1e9 + times[last], 1000 * height)
        for first, last in _runs(later)
        if last - first + 1 >= MIN_POINTS_LATER and (height := max(later[first : last + 1])) >= MIN_SWELL_SECONDS
    ])


def _runs(later: list[float]) -> Iterator[tuple[int, int]]:
    """From where to where everything is later."""
    first = None
    for place, seconds in enumerate([*later, 0.0]):
        if seconds >= MIN_LATER_SECONDS:
            first = place if first is None else first
        elif first is not None:
            yield first, place - 1
            first = None


def stalls(counters: Counters, clock: int) -> Stalls | None:
    """The stalls of a stream, by its largest surprises, where they come regularly; None where they do not."""
    if counters.jumps:
        return None
    late = [each for each in counters.surprises if -each.size >= MIN_STALL_SECONDS * clock]
    every = _period([each.time / 1e9 for each in late]) if len(late) >= MIN_STALLS else None
    return None if every is None else _as_told(late, every, clock)


def _as_told(late: list[Surprise], every: float, clock: int) -> Stalls:
    first = late[0]
    sizes = [-1000 * each.size / clock for each in late]
    return Stalls(len(late), every, min(sizes), max(sizes), first.time / 1e9, Place(*first.frame))


def _period(times: list[float]) -> float | None:
    """The seconds from one moment to the next, where these are regular but for some that are left out."""
    apart = [two - one for one, two in pairwise(times)]
    least = min(apart)
    turns = [round(each / least) for each in apart] if least >= MIN_PERIOD_SECONDS else []
    if not turns or max(turns) > 1 + MAX_LEFT_OUT:
        return None
    period = sum(apart) / sum(turns)
    even = all(abs(each - turn * period) <= MAX_OFF_SHARE * period for each, turn in zip(apart, turns, strict=True))
    return period if even else None
