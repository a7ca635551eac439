"""What waits for its answer, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Pending(Generic[Value]):
    """At most `limit` values with the times, in nanoseconds, from which they wait; the oldest gives way.

    `given_up` counts those that gave way before `timeout_ns` nanoseconds had passed: the others hardly miss an answer.
    """

    def __init__(self, limit: int, timeout_ns: int) -> None:
        self.limit, self.timeout_ns = limit, timeout_ns
        self.given_up = 0
        self._due = 0
        self._waiting: OrderedDict[Hashable, tuple[int, Value]] = OrderedDict()

    def put(self, key: Hashable, time: int, value: Value) -> None:
        """Let a value wait from `time` on."""
        self._waiting[key] = time, value
        if time >= self._due or len(self._waiting) > self.limit:
            self._let_go(time)

    def _let_go(self, time: int) -> None:
        """Let the oldest give way where it is due, and note when the next one will be at the earliest."""
        since = self._oldest()
        if time - since >= self.timeout_ns or len(self._waiting) > self.limit:
            self._waiting.popitem(last=False)
            self.given_up += time - since < self.timeout_ns
            since = self._oldest() if self._waiting else time
        self._due = since + self.timeout_ns

    def _oldest(self) -> int:
        return self._waiting[next(iter(self._waiting))][0]

    def put_new(self, key: Hashable, time: int, value: Value) -> bool:
        """Let a value wait unless one does already under this key; whether it was new."""
        if key in self._waiting:
            return False
        self.put(key, time, value)
        return True

    def get(self, key: Hashable) -> tuple[int, Value] | None:
        """What waits under a key, with its time."""
        return self._waiting.get(key)

    def pop(self, key: Hashable) -> tuple[int, Value] | None:
        """The same, and it waits no longer."""
        return self._waiting.pop(key, None)
