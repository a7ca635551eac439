"""Names that were let go, so that one that comes back is known by its number, in a memory that is always the same."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds

if TYPE_CHECKING:
    from dissectors.limits.digest import blake2b

SETS, WAYS, HASH_OCTETS = 1 << 14, 16, 8
MAX_NUMBER = (1 << 32) - 1
"""All that have a larger one share this."""


class RecentlyRetired:
    """The hashes of the names that were retired last, each with the number that it had, and a mark of an octet.

    A name's hash says into which of SETS sets it goes; each has room for WAYS hashes of HASH_OCTETS octets with their
    numbers and marks, 3.25 MiB in all, and the oldest gives way, which `bounds` counts by `name`. So 200,000 names find
    room, in a sixth of the memory that a `Table` would take for them.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self._bounds = bounds
        self._hashes: array[int] | None = None
        self._numbers, self._marks = array("I"), array("B")
        self._begun: blake2b | None = None

    def number(self, name: str) -> int:
        """The number of a name that is remembered, from 1 on; 0 of any other."""
        at = self._find(name)
        return self._numbers[at] if at >= 0 else 0

    def mark(self, name: str) -> int:
        """The mark of a name that is remembered; 0 of any other."""
        at = self._find(name)
        return self._marks[at] if at >= 0 else 0

    def add(self, name: str, number: int, mark: int = 0) -> None:
        """Remember a name with its number and mark, as the latest."""
        hashes, numbers, marks = self._hashes, self._numbers, self._marks
        if hashes is None:
            # A capture that lets nothing go does without.
            hashes = self._hashes = array("Q", bytes(SETS * WAYS * HASH_OCTETS))
            numbers = self._numbers = array("I", bytes(SETS * WAYS * numbers.itemsize))
            marks = self._marks = array("B", bytes(SETS * WAYS))
        key = self._hash(name)
        at, begin = self._place(hashes, key), key % SETS * WAYS
        if hashes[at] not in (0, key):
            self._bounds.hit(self.name)
        # Those before it move up by one.
        while at > begin:
            hashes[at], numbers[at], marks[at] = hashes[at - 1], numbers[at - 1], marks[at - 1]
            at -= 1
        hashes[at], numbers[at], marks[at] = key, min(number, MAX_NUMBER), mark

    def _find(self, name: str) -> int:
        """Where a name stands that is remembered; -1 for any other."""
        hashes = self._hashes
        if hashes is None:
            return -1
        key = self._hash(name)
        at = self._place(hashes, key)
        return at if hashes[at] == key else -1

    def _place(self, hashes: array[int], key: int) -> int:
        """Where a hash stands in its set, or the first place where nothing does, or else the last one."""
        at = key % SETS * WAYS
        last = at + WAYS - 1
        while at < last and hashes[at] and hashes[at] != key:
            at += 1
        return at

    def _hash(self, name: str) -> int:
        """A name's hash, never 0, which stands for nothing."""
        if self._begun is None:
            # Most captures need none.
            from dissectors.limits.digest import blake2b

            self._begun = blake2b(digest_size=HASH_OCTETS)
        # A copy is made sooner than another one.
        digest = self._begun.copy()
        digest.update(name.encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest(), "little") or 1
