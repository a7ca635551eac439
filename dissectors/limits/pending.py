"""What waits for its answer, bounded in number."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from dissectors.limits.budget import Bounds

SPARE_PLACES = 64
"""So many in line may wait no longer before it is looked whether half of them do not."""

Waiting = tuple[int, Any, Hashable]
"""Since when what waits, and under which key."""


class Pending:
    """At most `limit` values with the times, in nanoseconds, from which they wait; who waits longest gives way.

    To look at one that waits is no use of it: it waits as before. `bounds` counts by `name` those that gave way before
    `timeout_ns` nanoseconds had passed: the others hardly miss an answer.
    """

    def __init__(self, name: str, limit: int, timeout_ns: int, bounds: Bounds | None = None) -> None:
        self._name, self._limit, self._timeout_ns, self._bounds = name, limit, timeout_ns, bounds
        self._due = 0
        self._waiting: dict[Hashable, Waiting] = {}
        # In the order in which they came. Who leaves stays in line until its turn comes: a line is no place to search.
        self._line: list[Waiting] = []
        self._turn = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def wait(self, key: Hashable, time: int, value: Any) -> None:
        """Let a value wait from `time` on."""
        if not self.wait_new(key, time, value):
            del self._waiting[key]
            self._waiting[key] = each = (time, value, key)
            self._line_up(each)

    def wait_new(self, key: Hashable, time: int, value: Any) -> bool:
        """Let a value wait unless one does already under this key; whether it was new."""
        waiting = self._waiting
        if len(waiting) >= self._limit and key not in waiting:
            self._give_up(time)
        each = (time, value, key)
        if waiting.setdefault(key, each) is not each:
            return False
        self._line_up(each)
        if time >= self._due:
            self._let_go(time)
        return True

    def get(self, key: Hashable) -> Waiting | None:
        """The value that waits under a key, with its time and the key; None where nothing does."""
        return self._waiting.get(key)

    def take(self, key: Hashable) -> Waiting | None:
        """The same; it waits no longer."""
        return self._waiting.pop(key, None)

    def clear(self) -> None:
        """Let none wait any longer."""
        self._waiting.clear()
        self._line.clear()
        self._turn = 0

    def _line_up(self, each: Waiting) -> None:
        waiting, line = self._waiting, self._line
        line.append(each)
        if len(line) > 2 * len(waiting) + SPARE_PLACES:
            line[:] = waiting.values()
            self._turn = 0

    def _first(self) -> Waiting | None:
        """Who waits longest."""
        line = self._line
        while self._turn < len(line):
            each = line[self._turn]
            if self._waiting.get(each[2]) is each:
                return each
            self._turn += 1
        return None

    def _let_go(self, time: int) -> None:
        """Let the oldest give way where it is due, and note when the next one will be at the earliest."""
        first = self._first()
        if first is not None and time - first[0] >= self._timeout_ns:
            # It has waited for long enough not to be counted.
            del self._waiting[first[2]]
            first = self._first()
        self._due = (time if first is None else first[0]) + self._timeout_ns

    def _give_up(self, time: int) -> None:
        """Let the oldest give way to another one, and count it unless it has waited for long enough."""
        first = self._first()
        if first is not None:
            del self._waiting[first[2]]
            if self._bounds is not None and time - first[0] < self._timeout_ns:
                self._bounds.hit(self._name)
