"""The one kind of table that is bounded: in entries, and where it is asked for in octets."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from dissectors.limits.budget import Bounds

IDLE_SHARE = 8
"""One entry in so many is looked out at once, to go one by one as room is needed."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Table(OrderedDict[Key, Value]):
    """A mapping of at most `limit` entries that weigh at most `octets`: the one least recently used goes first.

    Putting an entry in is a use of it, and so is `use`; to look at one is none. Where values are used without the table
    being asked, `used` gives the number of a value's last use, the larger the later, and that decides; such a table
    keeps the order in which its entries came. `name` says what the entries are, `hits` counts those that were given up
    for want of room, as `bounds` does by name. `given_up` is called with the key and the value of each.
    """

    def __init__(
        self,
        name: str,
        limit: int,
        bounds: Bounds | None = None,
        *,
        octets: int | None = None,
        used: Callable[[Value], int] | None = None,
        given_up: Callable[[Key, Value], object] | None = None,
    ) -> None:
        super().__init__()
        self.name, self.limit, self.octets = name, limit, octets
        self.hits = self.weight = 0
        self._bounds, self._used, self._given_up = bounds, used, given_up
        self._weights: dict[Key, int] = {}
        self._idle: list[tuple[int, Key]] = []

    def __setitem__(self, key: Key, value: Value) -> None:
        if key not in self:
            while len(self) >= self.limit and self:
                self._give_up()
            super().__setitem__(key, value)
            return
        super().__setitem__(key, value)
        if self._used is None:
            self.move_to_end(key)

    def put(self, key: Key, value: Value, octets: int) -> None:
        """Set an entry that weighs so many octets; where it alone is too much, it goes itself."""
        self.grow(key, -self._weights.get(key, 0))
        self[key] = value
        self.grow(key, octets)

    def grow(self, key: Key, octets: int) -> None:
        """Say that an entry weighs so many octets more, or less."""
        self._weights[key] = self._weights.get(key, 0) + octets
        self.weight += octets
        while self.octets is not None and self.weight > self.octets and self:
            self._give_up()

    def use(self, key: Key) -> Value | None:
        """What stands there, which is used by that; None where nothing does."""
        value = self.get(key)
        if value is not None and self._used is None:
            self.move_to_end(key)
        return value

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        self.weight -= self._weights.pop(key, 0)

    def pop(self, key: Key, *default: Any) -> Any:
        """As of any mapping."""
        if default and key not in self:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        """Let go of everything; nothing of it counts as given up."""
        super().clear()
        self._weights.clear()
        self._idle.clear()
        self.weight = 0

    def _give_up(self) -> None:
        """Let go of the entry least recently used."""
        key = next(iter(self)) if self._used is None else self._longest_idle(self._used)
        value = self[key]
        del self[key]
        if self._given_up is not None:
            self._given_up(key, value)
        self.count(value)

    def count(self, value: Value) -> None:
        """Count a value that was given up."""
        self.hits += 1
        if self._bounds is not None:
            self._bounds.hit(self.name)

    def _longest_idle(self, used: Callable[[Value], int]) -> Key:
        """The key of the entry that was used least recently, as its value says; of several the one that came first.

        A part of the entries is sorted out at once and goes one by one, but for those that were used meanwhile. So an
        entry that is used costs nothing, and one that goes costs the same however many there are.
        """
        while True:
            while self._idle:
                number, key = self._idle.pop()
                if key in self and used(self[key]) == number:
                    return key
            oldest = sorted(self, key=lambda key: used(self[key]))[: len(self) // IDLE_SHARE + 1]
            self._idle = [(used(self[key]), key) for key in reversed(oldest)]
