"""Frames of several rings in order of time, although each ring delivers them at its own times.

A frame waits until no earlier one can come from another ring: the kernel delivers a block at the latest
`ring.RETIRE_MS` after its timer saw the block begin.
"""
from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import attrgetter

from dissectors.sources.interface.backlog import Block
from dissectors.sources.interface.ring import RETIRE_MS, newest
from dissectors.wire.captures.records import Record

try:
    from dissectors.sources import blocks
except ImportError:
    blocks = None  # type: ignore[assignment]  # not compiled here

HOLD_NS = 3 * RETIRE_MS * 1_000_000
"""Nanoseconds that a frame may wait."""

CLOCK_STEP_NS = 10_000_000_000
"""Nanoseconds that rings may be behind earlier frames; beyond that the clock was set, or a frame has a wrong time."""

NEVER_NS = 1 << 62
BY_TIME = attrgetter("time")


class Order:
    """Takes the blocks of each of `rings` rings, and gives complete results: records, or blocks of pcapng.

    `most` is the most blocks of one ring in one visit: a ring that delivers as many may have more.
    """

    def __init__(self, rings: int, most: int) -> None:
        self._most = most
        self._until = self._heard = 0
        self._records: list[list[Record]] = [[] for _ in range(rings)]
        self._octets = [b""] * rings

    @property
    def held(self) -> bool:
        """Whether something waits."""
        return any(self._records) or any(self._octets)

    def visited(self, round: Sequence[Block], over: bool) -> None:
        """Take the blocks of one visit; frames up to the time that all rings have reached are complete.

        `over` means the end. If the clock was set back, nothing waits: else frames would wait until the clock is there
        again.
        """
        latest: dict[int, int] = {}
        for number, block in round:
            latest[number] = max(newest(block), latest.get(number, 0))
        counts = Counter(number for number, _ in round)
        full = [latest[number] for number, count in counts.items() if count >= self._most]
        until = min(full) if full else max(latest.values(), default=time.time_ns()) - HOLD_NS
        set_back = until < self._heard - CLOCK_STEP_NS
        self._heard = until if set_back else max(self._heard, until)
        self._until = NEVER_NS if over or set_back else self._heard

    def records(self, parts: Iterable[tuple[int, list[Record]]]) -> list[Record]:
        """The records that are complete with these of some rings, in order; numbers are those of the rings."""
        held = self._records
        for number, part in parts:
            held[number] += part
        lines = [zip(map(BY_TIME, part), repeat(number), part) for number, part in enumerate(held)]
        found: list[Record] = []
        taken = [0] * len(held)
        for moment, number, record in heapq.merge(*lines):
            if moment > self._until:
                break
            taken[number] += 1
            found.append(record)
        for number, count in enumerate(taken):
            del held[number][:count]
        return found

    def octets(self, parts: Iterable[tuple[int, bytes]]) -> tuple[bytes, int]:
        """The same for Enhanced Packet Blocks, and their number; only in the compiled build."""
        waiting: list[list[bytes]] = [[octets] for octets in self._octets]
        for number, part in parts:
            waiting[number].append(part)
        joined, count, self._octets = blocks.merged([b"".join(each) for each in waiting], self._until)
        return joined, count
