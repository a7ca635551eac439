"""Who waits for evidence, in the order of arrival, bounded in number and in octets."""

from __future__ import annotations

from collections import deque
from typing import Any

from dissectors.mux.flows import Waiting

MAX_WAITING_OCTETS, MAX_WAITING_OCTETS_PER_DATAGRAM = 128 << 20, 4096
"""How many octets of payload may wait, in all and on average: datagrams alone would hold gigabytes of large ones."""

MIN_CROWD = 1024
"""How many datagrams in probation are not searched for those that were settled meanwhile."""


class Probation:
    """At most `limit` entries; those that are settled meanwhile are looked out where it gets crowded."""

    def __init__(self, limit: int) -> None:
        self.limit, self.most_octets = limit, min(MAX_WAITING_OCTETS, MAX_WAITING_OCTETS_PER_DATAGRAM * limit)
        self._held: deque[tuple[Any, Waiting]] = deque()
        self._octets = 0
        self._crowded = MIN_CROWD

    def __len__(self) -> int:
        return len(self._held)

    @property
    def overfull(self) -> bool:
        """Whether somebody has to be given up."""
        return len(self._held) > self.limit or self._octets > self.most_octets

    def put(self, entry: Any, waiting: Waiting) -> None:
        """Let an entry wait that is the last one of those."""
        self._held.append((entry, waiting))
        self._octets += len(entry.payload)
        if len(self._held) > self._crowded:
            self._drop_settled()

    def pop(self) -> tuple[Any, Waiting]:
        """Whoever has waited longest, unless that was settled meanwhile, and those it waited with."""
        entry, waiting = self._held.popleft()
        self._octets -= len(entry.payload)
        return entry, waiting

    def _drop_settled(self) -> None:
        """Forget whoever waits no longer: they would be held until their turn to be given up."""
        waiting = {id(entry) for _, there in self._held for entry in there.entries}
        self._held = deque(each for each in self._held if id(each[0]) in waiting)
        self._octets = sum(len(entry.payload) for entry, _ in self._held)
        self._crowded = max(MIN_CROWD, 2 * len(self._held))
