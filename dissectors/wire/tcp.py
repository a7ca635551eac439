"""One direction of a TCP connection: from segments to octets in order (RFC 9293 section 3.4).

Laws of this file:
1. The first octets that came for a place win; octets that came later and differ are counted.
2. What waits for octets before it is bounded.
3. A hole is never closed in silence: who skips it learns how many octets are missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.wire.values import NamedTuple, Struct

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

MAX_WAITING_SEGMENTS, MAX_WAITING_OCTETS = 256, 1 << 18
"""Segments, and octets of them, that wait for octets before them; beyond that the hole is skipped."""

MAX_DISTANCE = 1 << 24
"""How far from what was read a segment may lie and still belong to the same octets."""

KEPT_OCTETS = 2048
"""Octets that were read already and are kept, to compare with what comes again."""

ORIGIN_OCTETS = 320
"""What it takes to remember where the octets of one segment came from, beside the octets."""


class Segment(NamedTuple):
    """One TCP segment of a frame.

    Addresses are 4 or 16 octets; `length` is what IP claims for the payload, which is shorter when the capture cut it.
    `identification` is that of its IP packet.
    """

    src: bytes
    sport: int
    dst: bytes
    dport: int
    sequence: int
    acknowledgement: int
    flags: int
    payload: bytes
    length: int
    identification: int = 0


class Origin(NamedTuple):
    """Where octets came from: the number of their segment as it arrived, its file, frame and time, its IP packet."""

    number: int
    file: int
    frame: int
    time: int
    identification: int


class Piece(Struct, frozen=True):
    """Octets of one segment at their place in the direction."""

    begin: int
    octets: bytes
    origin: Origin


class Direction:
    """The octets of one direction as far as they are in order.

    Places count on where sequence numbers wrap. `end` is the place behind what is in order, None before the first
    segment; `at` the place up to which somebody has read. `differing` counts octets that came again and were others.
    `begun` is the sequence number of its SYN, None where that was not seen.
    """

    __slots__ = ("acknowledged", "at", "begun", "differing", "end", "held", "waiting", "waiting_octets", "_origins")

    def __init__(self) -> None:
        self.end: int | None = None
        self.at = 0
        self.acknowledged: int | None = None
        self.differing = 0
        self.begun: int | None = None
        self.held = bytearray()
        self.waiting: list[Piece] = []
        self.waiting_octets = 0
        self._origins: list[tuple[int, int, Origin]] = []

    @property
    def unread(self) -> int:
        """How many octets are in order and not read."""
        return 0 if self.end is None else self.end - self.at

    @property
    def origin(self) -> Origin:
        """Where the first octet came from that nobody has read."""
        return self._origins[0][2]

    @property
    def weight(self) -> int:
        """How many octets it takes to keep what is here."""
        return len(self.held) + self.waiting_octets + ORIGIN_OCTETS * (len(self._origins) + len(self.waiting))

    def place(self, sequence: int) -> int:
        """The place of a sequence number, near to what is in order."""
        if self.end is None:
            return sequence
        step = (sequence - self.end) & 0xFFFFFFFF
        return self.end + (step - (1 << 32) if step >= 1 << 31 else step)

    def open(self, sequence: int) -> None:
        """Begin behind a SYN of this sequence number."""
        self.begun = sequence
        self.end = self.at = sequence + 1

    def follows(self, sequence: int) -> bool:
        """Whether what is here began behind a SYN of this sequence number, which came late."""
        if self.end is None:
            return False
        first = self.end - len(self.held)
        return self.place((sequence + 1) & 0xFFFFFFFF) == first and len(self.held) <= KEPT_OCTETS

    def take(self, sequence: int, payload: bytes, origin: Origin) -> bool:
        """Put the octets of a segment to their place; whether there is more in order now."""
        if not payload:
            return False
        if self.end is None:
            self.end = self.at = sequence
        begin, before = self.place(sequence), self.end
        if abs(begin - before) > MAX_DISTANCE:
            return False
        if begin == before and not self.waiting:
            self._append(begin, payload, origin)
            return True
        for piece in self._fresh(Piece(begin, payload, origin)):
            self.waiting.append(piece)
            self.waiting_octets += len(piece.octets)
        self.waiting.sort(key=_begin)
        self._drain()
        return self.end > before

    def peek(self, most: int | None = None) -> bytes:
        """The octets in order that nobody has read."""
        start = len(self.held) - self.unread
        return bytes(self.held[start:] if most is None else self.held[start : start + most])

    def read(self, octets: int) -> Origin:
        """Step over so many octets; the origin of the one that arrived last."""
        assert self.end is not None
        begin = self.at
        at = self.at = begin + octets
        _, last, origin = self._origins[0]
        if last > at:
            pass
        elif last == at:
            del self._origins[0]
        else:
            origin = max(origin for start, end, origin in self._origins if start < at and end > begin)
            self._origins = [each for each in self._origins if each[1] > at]
        self._forget()
        return origin

    def _forget(self) -> None:
        """Keep no more of what was read than there has to be."""
        read = len(self.held) - self.unread
        del self.held[: read - _left_of(read)]

    def step_over(self, octets: bytes, sizes: Sequence[int]) -> int:
        """Put what follows at once to its place, and step over it, `sizes` of it at a time; by how much `weight` grows.

        All before it is read, and nothing waits. What is kept is what reading it in these steps would keep.
        """
        assert self.end is not None
        before = kept = len(self.held)
        for size in sizes:
            kept = _left_of(kept + size)
        self.held += octets
        self.end = self.at = self.end + len(octets)
        del self.held[: len(self.held) - kept]
        return kept - before

    def begins(self) -> list[int]:
        """Where segments begin among the octets that nobody has read, counted from the first of these."""
        return [start - self.at for start, _, _ in self._origins if start >= self.at]

    def end_of_segment(self, size: int) -> int:
        """How many octets there are up to the end of the segment with the last of the next `size` ones."""
        place = self.at + size
        return next(end for _, end, _ in self._origins if end >= place) - self.at

    def overflows(self) -> bool:
        """Whether more waits than may."""
        return len(self.waiting) > MAX_WAITING_SEGMENTS or self.waiting_octets > MAX_WAITING_OCTETS

    def skip(self) -> tuple[int, Origin]:
        """Go on behind the hole before what waits: how many octets are missing, and the origin of what follows.

        What was in order and nobody had read is let go.
        """
        first = self.waiting[0]
        assert self.end is not None
        missing = first.begin - self.end
        self.end = self.at = first.begin
        self.held.clear()
        self._origins.clear()
        self._drain()
        return missing, first.origin

    def _append(self, begin: int, octets: bytes, origin: Origin) -> None:
        """Add what follows at once."""
        self.held += octets
        self.end = begin + len(octets)
        self._origins.append((begin, self.end, origin))

    def _drain(self) -> None:
        """Take what waited for what is there now."""
        count = 0
        for piece in self.waiting:
            if piece.begin != self.end:
                break
            self._append(piece.begin, piece.octets, piece.origin)
            self.waiting_octets -= len(piece.octets)
            count += 1
        del self.waiting[:count]

    def _fresh(self, new: Piece) -> list[Piece]:
        """The parts of a segment that nothing came for before."""
        assert self.end is not None
        found = []
        at, stop = new.begin, new.begin + len(new.octets)
        if at < self.end:
            held = max(at, self.end - len(self.held))
            self._compare(new, Piece(held, self._between(held, min(stop, self.end)), new.origin))
            at = self.end
        for piece in self.waiting:
            end = piece.begin + len(piece.octets)
            if piece.begin >= stop:
                break
            if end <= at:
                continue
            if at < piece.begin:
                found.append(Piece(at, new.octets[at - new.begin : piece.begin - new.begin], new.origin))
            self._compare(new, piece)
            at = end
        if at < stop:
            found.append(Piece(at, new.octets[at - new.begin :], new.origin))
        return found

    def _between(self, begin: int, end: int) -> bytes:
        """The octets that are held from one place to another."""
        assert self.end is not None
        start = self.end - len(self.held)
        return bytes(self.held[begin - start : max(begin, end) - start])

    def _compare(self, new: Piece, known: Piece) -> None:
        """Count the octets that are others than those that came before."""
        low = max(new.begin, known.begin)
        high = min(new.begin + len(new.octets), known.begin + len(known.octets))
        # One octet that was acknowledged before keeps a connection alive: what it is says nothing (RFC 9293, 3.8.4).
        if high <= low or len(new.octets) == 1:
            return
        one = new.octets[low - new.begin : high - new.begin]
        two = known.octets[low - known.begin : high - known.begin]
        if one != two:
            self.differing += sum(a != b for a, b in zip(one, two, strict=True))


def _begin(piece: Piece) -> int:
    return piece.begin


def _left_of(read: int) -> int:
    """How many octets stay of so many that were read: what has to be, and some, lest each step moves them."""
    return read if read <= 2 * KEPT_OCTETS else KEPT_OCTETS
