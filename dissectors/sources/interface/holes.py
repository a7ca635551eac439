"""When a source dropped frames, from counts that are looked at again and again."""

from __future__ import annotations

import time

from dissectors.sources.interface.source import Hole

NEAR_NS, MAX_HOLES = 1_000_000_000, 64
"""Holes that are nearer to one another are one; beyond so many, the first two are."""


class Holes:
    """Between two looks in which the count of dropped frames grew is a hole. `found` are those so far, in order."""

    def __init__(self) -> None:
        self.found: tuple[Hole, ...] = ()
        self._looked = time.time_ns()
        self._before = (0, 0)

    def look(self, dropped: int, came: int, since: int | None = None) -> None:
        """Take the counts so far; frames that had come before they were dropped, came from `since` on."""
        now = time.time_ns()
        before, self._before = self._before, (dropped, came)
        looked, self._looked = self._looked, now
        if dropped > before[0]:
            begin = looked if since is None else min(looked, since)
            # A clock that was set back between two looks says nothing about the time between.
            self._add(Hole(min(begin, now), now, dropped - before[0], max(0, came - before[1])))

    def _add(self, hole: Hole) -> None:
        holes = [*self.found]
        if holes and hole.since - holes[-1].until < NEAR_NS:
            hole = _joined(holes.pop(), hole)
        holes.append(hole)
        if len(holes) > MAX_HOLES:
            holes[:2] = [_joined(holes[0], holes[1])]
        self.found = tuple(holes)


def _joined(one: Hole, other: Hole) -> Hole:
    since, until = min(one.since, other.since), max(one.until, other.until)
    return Hole(since, until, one.dropped + other.dropped, one.came + other.came)
