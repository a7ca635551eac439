"""Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5), within bounds.

Fragments may come in any order. Where they overlap, the octets that came first stay and the overlap is counted. A
datagram that is not whole in time, or exceeds the bounds, is dropped and counted.
"""
from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import NamedTuple

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table

MAX_DATAGRAM_OCTETS = 65_535
FRAGMENT_TIMEOUT_NS = 60_000_000_000
"""Nanoseconds after the first fragment until the others are no longer waited for (RFC 8200 section 4.5)."""

HEAD_OCTETS, MAX_LOST = 512, 1024
"""So many octets of a datagram that was given up are kept, to say what it was, and of so many of these."""

PIECE_OCTETS = 128
"""The memory of one fragment beside its octets, so that the bound also holds for tiny fragments."""


class Lost(NamedTuple):
    """A datagram that did not become whole: its key, the IP protocol within, its first octets, when and where it began.

    `head` is empty where the first fragment is among those that are missing; `octets` counts those that came.
    """

    key: Hashable
    protocol: int
    head: bytes
    octets: int
    time: int
    place: tuple[int, int]


class Partial:
    """A datagram of which fragments are missing: its pieces in order, without overlap."""

    __slots__ = ("cost", "covered", "pieces", "place", "protocol", "since", "starts", "total")

    def __init__(self, since: int, place: tuple[int, int], protocol: int) -> None:
        self.since, self.place, self.protocol = since, place, protocol
        self.starts: list[int] = []
        self.pieces: list[bytes] = []
        self.covered = 0
        self.cost = 0
        self.total: int | None = None

    def add(self, start: int, octets: bytes) -> bool:
        """Put in what of `octets` is not yet there; True when some of it was."""
        starts, pieces = self.starts, self.pieces
        at, end = start, start + len(octets)
        index = bisect_left(starts, at)
        overlap = False
        if index and starts[index - 1] + len(pieces[index - 1]) > at:
            at = min(end, starts[index - 1] + len(pieces[index - 1]))
            overlap = True
        while at < end:
            stop = min(end, starts[index]) if index < len(starts) else end
            if stop > at:
                starts.insert(index, at)
                pieces.insert(index, octets[at - start : stop - start])
                self.covered += stop - at
                self.cost += stop - at + PIECE_OCTETS
                index += 1
            if stop == end:
                break
            overlap = True
            at = starts[index] + len(pieces[index])
            index += 1
        return overlap

    def admits(self, end: int, last: bool) -> bool:
        """Whether a fragment that ends there agrees with where the datagram ends, as far as that is known."""
        if self.total is not None:
            return end <= self.total
        return not last or not self.starts or self.starts[-1] + len(self.pieces[-1]) <= end

    def lost(self, key: Hashable) -> Lost:
        """What is known of it when nothing more will come."""
        head = self.pieces[0][:HEAD_OCTETS] if self.starts and not self.starts[0] else b""
        return Lost(key, self.protocol, head, self.covered, self.since, self.place)

    def whole(self) -> bytes | None:
        """The datagram, once nothing of it is missing."""
        if self.total is None or self.covered < self.total:
            return None
        return b"".join(self.pieces)


class Fragments:
    """All datagrams of which fragments are missing.

    `seen` counts fragments, `reassembled` datagrams, `overlaps` fragments that said again (or differently) what was
    known, `cut` fragments that the capture did not keep whole, `refused` fragments that cannot be true, `forgotten`
    datagrams that were given up: for age, or for room.
    """

    __slots__ = (
        "_expired", "_lost", "_partials", "cut", "overlaps", "reassembled", "refused", "seen",
    )

    def __init__(self, octets: int = 16 << 20, most: int = 1024, bounds: Bounds | None = None) -> None:
        self._partials: Table[Hashable, Partial] = Table(
            "fragmented datagrams", most, bounds, octets=octets, given_up=self._given_up
        )
        self._lost: list[Lost] = []
        self._expired = 0
        self.seen = self.reassembled = self.overlaps = self.cut = self.refused = 0

    @property
    def forgotten(self) -> int:
        """How many datagrams were given up."""
        return self._expired + self._partials.hits

    @property
    def waiting(self) -> int:
        """How many datagrams still miss something."""
        return len(self._partials)

    @property
    def incomplete(self) -> int:
        """How many datagrams were given up or still miss something."""
        return self.forgotten + len(self._partials)

    def lost(self) -> list[Lost]:
        """The datagrams that were given up, the first ones, and those that still miss something."""
        return [*self._lost, *(partial.lost(key) for key, partial in self._partials.items())]

    def _given_up(self, key: Hashable, partial: Partial) -> None:
        if len(self._lost) < MAX_LOST:
            self._lost.append(partial.lost(key))

    def add(
        self, key: Hashable, offset: int, octets: bytes, last: bool, time: int, place: tuple[int, int] = (0, 0),
        protocol: int = 17,
    ) -> bytes | None:
        """Take a fragment: the whole datagram when it was the missing one, else None.

        `key` names the datagram, `offset` counts octets, `time` is that of the frame in nanoseconds, `place` says which
        frame of which file it is, `protocol` what IP carries in it.
        """
        self.seen += 1
        self._expire(key, time)
        end = offset + len(octets)
        partial = self._partials.use(key)
        if partial is not None and partial.total is not None and offset < partial.total < end:
            # It runs on behind the datagram's known end: like all that overlaps, it counts as far as it fits.
            octets, end, last = octets[: partial.total - offset], partial.total, False
            self.overlaps += 1
        if not octets or end > MAX_DATAGRAM_OCTETS or (partial is not None and not partial.admits(end, last)):
            self.refused += 1
            return None
        if partial is None:
            partial = self._partials[key] = Partial(time, place, protocol)
        before = partial.cost
        self.overlaps += partial.add(offset, octets)
        if last and partial.total is None:
            partial.total = end
        whole = partial.whole()
        if whole is not None:
            del self._partials[key]
            self.reassembled += 1
            return whole
        self._partials.grow(key, partial.cost - before)
        return None

    def _expire(self, key: Hashable, time: int) -> None:
        """Let go of what is too old: of the datagram itself, and of those that got nothing for longest."""
        partials = self._partials
        own = partials.get(key)
        if own is not None and own.since < time - FRAGMENT_TIMEOUT_NS:
            self._expire_one(key, own)
        while partials:
            oldest = next(iter(partials))
            partial = partials[oldest]
            if partial.since >= time - FRAGMENT_TIMEOUT_NS:
                return
            self._expire_one(oldest, partial)

    def _expire_one(self, key: Hashable, partial: Partial) -> None:
        del self._partials[key]
        self._expired += 1
        self._given_up(key, partial)
