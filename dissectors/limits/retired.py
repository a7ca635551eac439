"""Names that were let go, so that one that comes back is known by its number, in a memory that is always the same."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from dissectors.limits.budget import Bounds

SETS, WAYS, HASH_OCTETS = 1 << 14, 16, 8
MARKS = 1 << 8
MAX_NUMBER = (1 << 32) - 1
"""All that have a larger one share this."""


class RecentlyRetired:
    """The hashes of the names that were retired last, each with the number that it had, and a mark below MARKS.

    A name's hash says into which of SETS sets it goes; each has room for WAYS hashes of HASH_OCTETS octets with their
    numbers and marks, 3.25 MiB in all, and the oldest gives way, which `bounds` counts by `name`. So 200,000 names find
    room, in a sixth of the memory that a `Table` would take for them.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self._bounds = bounds
        self._hashes: array[int] | None = None
        self._numbers, self._marks = array("I"), array("B")
        self._digest: Callable[..., Any] | None = None

    def number(self, name: str) -> int:
        """The number of a name that is remembered, from 1 on; 0 of any other."""
        at = self._find(name)
        return 0 if at is None else self._numbers[at]

    def mark(self, name: str) -> int:
        """The mark of a name that is remembered; 0 of any other."""
        at = self._find(name)
        return 0 if at is None else self._marks[at]

    def add(self, name: str, number: int, mark: int = 0) -> None:
        """Remember a name with its number and mark, as the latest."""
        hashes, numbers, marks = self._hashes, self._numbers, self._marks
        if hashes is None:
            # A capture that lets nothing go does without.
            hashes = self._hashes = array("Q", bytes(SETS * WAYS * HASH_OCTETS))
            numbers = self._numbers = array("I", bytes(SETS * WAYS * numbers.itemsize))
            marks = self._marks = array("B", bytes(SETS * WAYS))
        key, begin = self._place(name)
        held, end = hashes[begin : begin + WAYS], begin + WAYS
        if key in held:
            end = begin + held.index(key) + 1
        elif held[-1]:
            self._bounds.hit(self.name)
        # Those before it move up by one.
        hashes[begin + 1 : end], numbers[begin + 1 : end] = hashes[begin : end - 1], numbers[begin : end - 1]
        marks[begin + 1 : end] = marks[begin : end - 1]
        hashes[begin], numbers[begin], marks[begin] = key, min(number, MAX_NUMBER), mark

    def _find(self, name: str) -> int | None:
        """Where a name stands, if it is remembered."""
        if self._hashes is None:
            return None
        key, begin = self._place(name)
        held = self._hashes[begin : begin + WAYS]
        return begin + held.index(key) if key in held else None

    def _place(self, name: str) -> tuple[int, int]:
        """A name's hash, never 0, which stands for nothing, and where its set begins."""
        digest = self._digest
        if digest is None:
            # Most captures need none.
            from dissectors.limits.digest import blake2b

            digest = self._digest = blake2b
        octets = name.encode("utf-8", "surrogatepass")
        key = int.from_bytes(digest(octets, digest_size=HASH_OCTETS).digest(), "little") or 1
        return key, key % SETS * WAYS
