"""Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5), within bounds.

Fragments may come in any order. Where they overlap, the octets that came first stay and the overlap is counted. A
datagram that is not whole in time, or exceeds the bounds, is dropped and counted.

A fragment that says again what is known begins a copy of the datagram: captures see one datagram in front of a tunnel
and within it, on two VLANs or on two interfaces. A copy that never becomes whole is no datagram that was lost, as long
as one of them became whole.
"""
from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.wire.values import Struct

MAX_DATAGRAM_OCTETS = 65_535
FRAGMENT_TIMEOUT_NS = 60_000_000_000
"""Nanoseconds after the first fragment until the others are no longer waited for (RFC 8200 section 4.5)."""

HEAD_OCTETS, MAX_LOST = 512, 1024
"""So many octets of a datagram that was given up are kept, to say what it was, and of so many of these."""

MAX_COPIES = 8
"""So many copies of one datagram are put together at once; beyond, a fragment that came before counts as an overlap."""

MAX_KNOWN, MAX_KNOWN_OCTETS = 256, 1 << 20
"""So many datagrams that became whole are remembered, to know copies of their fragments by."""

PIECE_OCTETS = 128
"""The memory of one fragment beside its octets, so that the bound also holds for tiny fragments."""


class Lost(Struct, frozen=True):
    """A datagram that did not become whole: its key, the IP protocol within, its first octets, when and where it began.

    `head` is empty where the first fragment is among those that are missing; `octets` counts those that came.
    """

    key: Hashable
    protocol: int
    head: bytes
    octets: int
    time: int
    place: tuple[int, int]


class Copy(Struct, frozen=True):
    """The name of one of the copies of a datagram."""

    key: Hashable
    number: int


class Partial:
    """A datagram of which fragments are missing: its pieces in order, without overlap.

    `original` is the same datagram where it became whole elsewhere in the capture, as far as the pieces say.
    """

    __slots__ = ("cost", "covered", "original", "pieces", "place", "protocol", "since", "starts", "total")

    def __init__(self, since: int, place: tuple[int, int], protocol: int) -> None:
        self.since, self.place, self.protocol = since, place, protocol
        self.starts: list[int] = []
        self.pieces: list[bytes] = []
        self.covered = 0
        self.cost = 0
        self.total: int | None = None
        self.original: bytes | None = None

    def holds(self, start: int, octets: bytes) -> bool:
        """Whether a fragment says nothing but what is known, octet for octet."""
        at, end = start, start + len(octets)
        for index in range(max(bisect_right(self.starts, at) - 1, 0), len(self.starts)):
            begin, piece = self.starts[index], self.pieces[index]
            part = octets[at - start : begin + len(piece) - start]
            if begin > at or not part or piece[at - begin : at - begin + len(part)] != part:
                return False
            at += len(part)
            if at == end:
                return True
        return False

    def is_part_of(self, whole: bytes) -> bool:
        """Whether every piece is the same in `whole`."""
        return all(whole.startswith(piece, at) for at, piece in zip(self.starts, self.pieces, strict=True))

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
    datagrams that were given up: for age, or for room. Copies of what became whole are none that is missed.
    """

    __slots__ = (
        "_copies", "_known", "_lost", "_partials", "cut", "forgotten", "overlaps", "reassembled", "refused", "seen",
    )

    def __init__(self, octets: int = 16 << 20, most: int = 1024, bounds: Bounds | None = None) -> None:
        self._partials: Table[Copy, Partial] = Table(
            "fragmented datagrams", most, bounds, octets=octets, given_up=self._given_up
        )
        self._copies: dict[Hashable, list[Copy]] = {}
        self._known: Table[Hashable, bytes] = Table("", MAX_KNOWN, octets=MAX_KNOWN_OCTETS)
        self._lost: list[Lost] = []
        self.seen = self.reassembled = self.overlaps = self.cut = self.refused = self.forgotten = 0

    @property
    def waiting(self) -> int:
        """How many datagrams still miss something."""
        return len(self._missed())

    @property
    def incomplete(self) -> int:
        """How many datagrams were given up or still miss something."""
        return self.forgotten + self.waiting

    def lost(self) -> list[Lost]:
        """The datagrams that were given up, the first ones, and those that still miss something."""
        return [*self._lost, *(partial.lost(key) for key, partial in self._missed().items())]

    def _missed(self) -> dict[Hashable, Partial]:
        """The datagrams that miss something, each once, with the copy that has most of it."""
        found: dict[Hashable, Partial] = {}
        for copy, partial in self._partials.items():
            if partial.original is None and (copy.key not in found or partial.covered > found[copy.key].covered):
                found[copy.key] = partial
        return found

    def _given_up(self, copy: Copy, partial: Partial) -> None:
        self._let_go(copy)
        if partial.original is not None or copy.key in self._copies:
            return
        self.forgotten += 1
        if len(self._lost) < MAX_LOST:
            self._lost.append(partial.lost(copy.key))

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
        copy = self._copy(key, offset, octets)
        partial = self._partials.use(copy)
        if partial is not None and partial.total is not None and offset < partial.total < end:
            # It runs on behind the datagram's known end: like all that overlaps, it counts as far as it fits.
            octets, end, last = octets[: partial.total - offset], partial.total, False
            self.overlaps += 1
        if not octets or end > MAX_DATAGRAM_OCTETS or (partial is not None and not partial.admits(end, last)):
            self.refused += 1
            return None
        if partial is None:
            partial = self._partials[copy] = Partial(time, place, protocol)
            self._copies.setdefault(key, []).append(copy)
            partial.original = self._known.get(key)
            partial.cost = 0 if partial.original is None else len(partial.original)
            self._partials.grow(copy, partial.cost)
        before = partial.cost
        self.overlaps += partial.add(offset, octets)
        if last and partial.total is None:
            partial.total = end
        whole = partial.whole()
        if whole is not None:
            del self._partials[copy]
            self._let_go(copy)
            self.reassembled += 1
            self._became_whole(key, whole)
            return whole
        if partial.original is not None and not partial.original.startswith(octets, offset):
            partial.original = None
        self._partials.grow(copy, partial.cost - before)
        return None

    def _copy(self, key: Hashable, offset: int, octets: bytes) -> Copy:
        """Which copy of a datagram a fragment belongs to: the first that lacks it, else a new one."""
        copies = self._copies.get(key)
        if copies is None:
            return Copy(key, 0)
        for copy in copies:
            if not self._partials[copy].holds(offset, octets):
                return copy
        free = {*range(MAX_COPIES)}.difference(copy.number for copy in copies)
        return Copy(key, min(free)) if free else copies[0]

    def _let_go(self, copy: Copy) -> None:
        """Forget that there is a copy."""
        copies = self._copies[copy.key]
        copies.remove(copy)
        if not copies:
            del self._copies[copy.key]

    def _became_whole(self, key: Hashable, whole: bytes) -> None:
        """Know the copies of it that are there and those that come."""
        self._known.put(key, whole, len(whole))
        for copy in [*self._copies.get(key, ())]:
            partial = self._partials.get(copy)
            if partial is not None and partial.is_part_of(whole):
                partial.original = whole
                partial.cost += len(whole)
                self._partials.grow(copy, len(whole))

    def _expire(self, key: Hashable, time: int) -> None:
        """Let go of what is too old: of the datagram itself, and of those that got nothing for longest."""
        partials = self._partials
        for copy in [*self._copies.get(key, ())]:
            own = partials[copy]
            if own.since < time - FRAGMENT_TIMEOUT_NS:
                self._expire_one(copy, own)
        while partials:
            oldest = next(iter(partials))
            partial = partials[oldest]
            if partial.since >= time - FRAGMENT_TIMEOUT_NS:
                return
            self._expire_one(oldest, partial)

    def _expire_one(self, copy: Copy, partial: Partial) -> None:
        del self._partials[copy]
        self._given_up(copy, partial)
