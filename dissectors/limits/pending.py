"""What waits for its answer, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table

Value = TypeVar("Value")

# Nothing that waits weighs anything or belongs to a group: no more is to be done than any such mapping does.
_set, _pop = OrderedDict.__setitem__, OrderedDict.pop


class Pending(Table[Hashable, tuple[int, Value]]):
    """At most `limit` values with the times, in nanoseconds, from which they wait; who waits longest gives way.

    To look at one that waits is no use of it: it waits as before. Only those count that gave way before `timeout_ns`
    nanoseconds had passed: the others hardly miss an answer.
    """

    def __init__(self, name: str, limit: int, timeout_ns: int, bounds: Bounds | None = None) -> None:
        super().__init__(name, limit, bounds)
        self.timeout_ns = timeout_ns
        self._due = self._now = 0

    def wait(self, key: Hashable, time: int, value: Value) -> None:
        """Let a value wait from `time` on."""
        if not self.wait_new(key, time, value):
            self[key] = time, value

    def _let_go(self, time: int) -> None:
        """Let the oldest give way where it is due, and note when the next one will be at the earliest."""
        since = self._since(time)
        if time - since >= self.timeout_ns:
            # It has waited for long enough not to be counted.
            self.popitem(last=False)
            since = self._since(time)
        self._due = since + self.timeout_ns

    def _since(self, now: int) -> int:
        """When the one that waits longest began; a moment if none does."""
        return self[next(iter(self))][0] if self else now

    def wait_new(self, key: Hashable, time: int, value: Value) -> bool:
        """Let a value wait unless one does already under this key; whether it was new."""
        if key in self:
            return False
        self._now = time
        if len(self) < self.limit:
            _set(self, key, (time, value))
        else:
            self._add(key, (time, value))
        if time >= self._due:
            self._let_go(time)
        return True

    def take(self, key: Hashable) -> tuple[int, Value] | None:
        """The value that waits under a key, with its time: it waits no longer. None where nothing does."""
        return _pop(self, key, None)

    def count(self, value: tuple[int, Value]) -> None:
        """Count a value that was given up, unless it has waited for long enough."""
        if self._now - value[0] < self.timeout_ns:
            super().count(value)
