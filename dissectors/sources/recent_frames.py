"""The frames of the last minutes in memory, within bounds: what a flight recorder writes calls from.

Laws of this file:
1. One thread adds frames. What `held` gives does not change any more, so that another thread can read it.
2. What is too old or too much is let go from the oldest end, in chunks.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from dissectors.sources.pcapng_blocks import (
    ENHANCED,
    PADDING,
    interface,
    last_of,
    moment_of,
    packet,
    section,
    word,
)
from dissectors.wire.captures.pcapng import PcapngWalker
from dissectors.wire.captures.records import Record
from dissectors.wire.values import Struct, field

CHUNK_OCTETS, CHUNKS_PER_RING = 1 << 18, 64
"""A chunk ends at so many octets, or when it spans one of so many parts of the time that is held."""

SAFE_SHARE = 0.75
"""The newest part of the ring, of its time and of its octets, that is in no danger to be let go soon."""


class Chunk(Struct):
    """Blocks of frames that came one after another.

    `first` is the number of the first frame in the session; `since` and `until` are the first and the last time, in
    nanoseconds.
    """

    first: int
    since: int
    until: int
    frames: int = 0
    octets: int = 0
    parts: list[bytes] = field(default_factory=list)


class Held:
    """The frames that are held at one moment: those of the session from `first` on, up to `last`."""

    def __init__(self, head: bytes, chunks: Sequence[Chunk]) -> None:
        self._head = head
        self.chunks = chunks
        self.first = chunks[0].first if chunks else 1
        self.last = chunks[-1].first + chunks[-1].frames - 1 if chunks else 0

    def records(self, chunk: Chunk) -> Iterator[Record]:
        """The frames of a chunk, numbered from 1 for the first that is held."""
        walker = PcapngWalker()
        list(walker.feed(self._head))
        for number, record in enumerate(walker.feed(b"".join(chunk.parts)), chunk.first - self.first + 1):
            yield record._replace(frame=number)


class RecentFrames:
    """Holds the frames of the last `seconds`, and `octets` at most; with a `head`, they come as its blocks.

    `frames` counts all that came, `octets` those that are held.
    """

    def __init__(self, seconds: float, octets: int, *, head: bytes = b"", interface: str = "") -> None:
        self._span, self._most = int(seconds * 1e9), octets
        self._head, self._interface = head, interface
        self._links: dict[int, int] = {}
        self._chunks: deque[Chunk] = deque()
        self._open = False
        self.frames = self.octets = 0

    def write(self, records: Sequence[Record]) -> None:
        """Add records, where frames do not come as blocks."""
        for _, moment, link, octets, original in records:
            number = self._links.setdefault(link, len(self._links))
            size = len(octets)
            total = 32 + (size + 3 & ~3)
            head = packet(ENHANCED, total, number, moment >> 32 & 0xFFFFFFFF, moment & 0xFFFFFFFF, size, original)
            self._add(b"".join((head, octets, PADDING[size & 3], word(total))), 1, moment, moment)

    def write_octets(self, octets: bytes, packets: int) -> None:
        """Add whole Enhanced Packet Blocks of the interfaces of `head`."""
        if packets:
            self._add(octets, packets, moment_of(octets, 0), moment_of(octets, last_of(octets)))

    def held(self) -> Held:
        """What is held now."""
        self._open = False
        head = self._head or section() + b"".join(interface(link, 0, self._interface) for link in self._links)
        return Held(head, tuple(self._chunks))

    def in_danger(self) -> int:
        """Up to this moment, in nanoseconds, frames will be let go soon; 0 while there is room."""
        edge = 0
        if self._chunks:
            over, old = self.octets - self._most * SAFE_SHARE, self._chunks[-1].until - int(self._span * SAFE_SHARE)
            for chunk in self._chunks:
                if over <= 0 and chunk.until >= old:
                    break
                over -= chunk.octets
                edge = max(edge, chunk.until)
        return edge

    def _add(self, octets: bytes, frames: int, since: int, until: int) -> None:
        chunk = self._chunks[-1] if self._open else None
        if chunk is None or chunk.octets >= CHUNK_OCTETS or until - chunk.since >= self._span // CHUNKS_PER_RING:
            chunk = Chunk(self.frames + 1, since, until)
            self._chunks.append(chunk)
            self._open = True
        chunk.parts.append(octets)
        chunk.frames += frames
        chunk.octets += len(octets)
        chunk.since, chunk.until = min(chunk.since, since), max(chunk.until, until)
        self.frames += frames
        self.octets += len(octets)
        while len(self._chunks) > 1 and (
            self.octets > self._most or until - self._chunks[0].until > self._span
        ):
            self.octets -= self._chunks.popleft().octets
