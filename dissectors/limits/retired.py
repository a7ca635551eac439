"""Names that were let go, so that one that comes back is known, in a memory that is always the same."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from dissectors.limits.budget import Bounds

SETS, WAYS, HASH_OCTETS = 1 << 14, 16, 8


class RecentlyRetired:
    """The hashes of the names that were retired last.

    A name's hash says into which of SETS sets it goes; each has room for WAYS hashes of HASH_OCTETS octets, 2 MiB in
    all, and the oldest gives way, which `bounds` counts by `name`. So 200,000 names find room, in a tenth of the memory
    that a `Table` would take for them.
    """

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name = name
        self._bounds = bounds
        self._hashes: array[int] | None = None
        self._digest: Callable[..., Any] | None = None

    def __contains__(self, name: str) -> bool:
        if self._hashes is None:
            return False
        key, begin = self._place(name)
        return key in self._hashes[begin : begin + WAYS]

    def add(self, name: str) -> None:
        """Remember a name, as the latest."""
        hashes = self._hashes
        if hashes is None:
            # A capture that lets nothing go does without.
            hashes = self._hashes = array("Q", bytes(SETS * WAYS * HASH_OCTETS))
        key, begin = self._place(name)
        held = hashes[begin : begin + WAYS]
        if key in held:
            held.remove(key)
        elif held.pop():
            self._bounds.hit(self.name)
        held.insert(0, key)
        hashes[begin : begin + WAYS] = held

    def _place(self, name: str) -> tuple[int, int]:
        """A name's hash, never 0, which stands for nothing, and where its set begins."""
        digest = self._digest
        if digest is None:
            # OpenSSL, which this loads, would take a tenth of every start.
            from hashlib import blake2b

            digest = self._digest = blake2b
        octets = name.encode("utf-8", "surrogatepass")
        key = int.from_bytes(digest(octets, digest_size=HASH_OCTETS).digest(), "little") or 1
        return key, key % SETS * WAYS
