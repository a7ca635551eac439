"""Two sources under one SSRC: timestamps that go to and fro between two clocks, each of which goes on.

Pictures that are sent in another order than they are shown go to and fro as well, but not so far, and forward on the
whole; a timestamp that is wrong now and then, as 0, comes back to the same clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dissectors.mux.counters import Counters
from dissectors.mux.marks import Leap

MIN_SECONDS = 0.25
MIN_TIMES, MIN_SHARE = 10, 0.05
"""How far back timestamps must go, how often, and for what share of the datagrams that begin a frame."""

MIN_BALANCE, MAX_REST = 0.8, 0.25
"""How alike the numbers of steps back and ahead must be, and how little may remain of them."""

MIN_LEAPS, MIN_LEAP_SHARE = 12, 0.1


def alternations(counters: Counters, rate: float | None) -> int:
    """How often timestamps went back to the other clock; 0 where there is but one."""
    steps = counters.steps
    if not counters.leaps and min(steps, default=0) >= 0:
        return 0
    back_to = [leap.timestamp for leap in counters.leaps if leap.step < 0]
    if len(set(back_to)) < len(back_to):
        return 0
    if not rate:
        return _by_leaps(counters)
    far = MIN_SECONDS * rate
    back = _sum(steps, -far)
    began = sum(count for step, count in steps.items() if step)
    if back[0] < MIN_TIMES or back[0] < MIN_SHARE * began:
        return _by_leaps(counters)
    ahead = _sum(steps, far)
    alike = min(back[0], ahead[0]) >= MIN_BALANCE * max(back[0], ahead[0])
    rest = abs(back[1] / back[0] + ahead[1] / max(1, ahead[0]))
    return back[0] if alike and rest < MAX_REST * abs(back[1] / back[0]) else _by_leaps(counters)


def _sum(steps: dict[int, int], least: float) -> tuple[int, int]:
    """How many steps go as far as this in its direction, and how far together."""
    found = [(step, count) for step, count in steps.items() if (step < least if least < 0 else step > least)]
    return sum(count for _, count in found), sum(step * count for step, count in found)


def _by_leaps(counters: Counters) -> int:
    leaps = counters.leaps
    if len(leaps) < MIN_LEAPS or counters.jumps < MIN_LEAP_SHARE * counters.packets:
        return 0
    to_and_fro = all((one.step < 0) != (two.step < 0) for one, two in pairwise(leaps))
    both = to_and_fro and _goes_on(leaps[::2]) and _goes_on(leaps[1::2])
    return counters.jumps // 2 if both else 0


def _goes_on(leaps: Sequence[Leap]) -> bool:
    """Whether what the timestamps come back to has gone on meanwhile."""
    return all(0 < two.timestamp - one.timestamp & 0xFFFFFFFF < 1 << 31 for one, two in pairwise(leaps))
