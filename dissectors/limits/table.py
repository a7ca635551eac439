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

# Found by name they are twice as quick as through `super`.
_set, _delete, _pop = OrderedDict.__setitem__, OrderedDict.__delitem__, OrderedDict.pop
_get, _move_to_end = OrderedDict.get, OrderedDict.move_to_end


class Table(OrderedDict[Key, Value]):
    """A mapping of at most `limit` entries that weigh at most `octets`: the one least recently used goes first.

    Putting an entry in is a use of it, and so is `use`; to look at one is none. Where values are used without the table
    being asked, `used` gives the number of a value's last use, the larger the later, and that decides; such a table
    keeps the order in which its entries came. `name` says what the entries are, `hits` counts those that were given up
    for want of room, as `bounds` does by name. `given_up` is called with the key and the value of each.

    `groups` says of an entry to which groups it belongs, the same as long as it is there; so `of` finds what belongs
    together without a search. The groups are made when somebody asks first: a table that nobody asks is as small as
    without.
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
        groups: Callable[[Key, Value], tuple[Hashable, ...]] | None = None,
    ) -> None:
        super().__init__()
        self.name, self.limit, self.octets = name, limit, octets
        self.hits = self.weight = 0
        self._bounds, self._used, self._given_up = bounds, used, given_up
        self._weights: dict[Key, int] = {}
        self._idle: list[tuple[int, Key]] = []
        self._groups_of = groups
        self._groups: dict[Hashable, Any] | None = None

    def __setitem__(self, key: Key, value: Value) -> None:
        if key not in self:
            self._add(key, value)
            return
        _set(self, key, value)
        if self._used is None:
            _move_to_end(self, key)

    def _add(self, key: Key, value: Value) -> None:
        """Put in what is not there."""
        while len(self) >= self.limit and self:
            self._give_up()
        _set(self, key, value)
        if self._groups is not None and self._groups_of is not None:
            enter(self._groups, self._groups_of(key, value), key)

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
        value = _get(self, key)
        if value is not None and self._used is None:
            _move_to_end(self, key)
        return value

    def of(self, group: Hashable) -> list[Key]:
        """The keys of a group, in the order in which they came."""
        groups = self._groups
        found = (self._known() if groups is None else groups).get(group)
        return [] if found is None else [*found] if type(found) is dict else [found]

    def count_of(self, group: Hashable) -> int:
        """How many these are, without making a list of them."""
        found = self._known().get(group)
        return 0 if found is None else len(found) if type(found) is dict else 1

    def forget_groups(self) -> None:
        """Give back what the groups take; they are made anew where somebody asks."""
        self._groups = None

    def __delitem__(self, key: Key) -> None:
        if self._groups is not None:
            self._leave(self._groups, key, self[key])
        _delete(self, key)
        if self._weights:
            self.weight -= self._weights.pop(key, 0)

    def pop(self, key: Key, *default: Any) -> Any:
        """As of any mapping."""
        if self._groups is not None and key in self:
            self._leave(self._groups, key, self[key])
        if self._weights:
            self.weight -= self._weights.pop(key, 0)
        return _pop(self, key, *default)

    def clear(self) -> None:
        """Let go of everything; nothing of it counts as given up."""
        super().clear()
        self._weights.clear()
        self._idle.clear()
        self.weight = 0
        self._groups = None

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

    def _known(self) -> dict[Hashable, Any]:
        groups, groups_of = self._groups, self._groups_of
        if groups is None:
            groups = self._groups = {}
            if groups_of is not None:
                for key, value in self.items():
                    enter(groups, groups_of(key, value), key)
        return groups

    def _leave(self, groups: dict[Hashable, Any], key: Key, value: Value) -> None:
        """Take a key out of its groups."""
        for group in self._groups_of(key, value) if self._groups_of is not None else ():
            leave(groups, group, key)

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


def enter(groups: dict[Hashable, Any], own: tuple[Hashable, ...], key: Hashable) -> None:
    """Add a key to its own groups; most hold one key, which needs no dictionary."""
    for group in own:
        found = groups.get(group)
        if found is None:
            groups[group] = key
        elif type(found) is dict:
            found[key] = None
        elif found != key:
            groups[group] = {found: None, key: None}


def leave(groups: dict[Hashable, Any], group: Hashable, key: Hashable) -> None:
    """Take a key out of one of the groups of a table."""
    found = groups.get(group)
    if type(found) is dict:
        found.pop(key, None)
        if not found:
            del groups[group]
    elif found == key:
        groups.pop(group, None)
