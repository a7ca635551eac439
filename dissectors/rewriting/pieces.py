"""A capture as pieces of octets: each record or block as it stands in the file, with the record that the reader sees.

The reader of captures decides what a record is; this module only knows where its octets begin and end. With a walk,
records that it takes come many at once, and nobody takes them apart.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dissectors import offline
from dissectors.mux.table import rows_of
from dissectors.sources.capture import Capture
from dissectors.wire.captures.pcap import FILE_HEADER, MAGICS, PcapWalker
from dissectors.wire.captures.pcapng import (
    INTERFACE,
    MAGIC,
    MAX_READ_OCTETS,
    ORDERS,
    PACKETS,
    SECTION,
    PcapngWalker,
)
from dissectors.wire.captures.records import MAX_LEFT_OCTETS, Record

if TYPE_CHECKING:
    from dissectors.mux.compiled.sieve import Sieve, Walk

FILE_START, RECORD = -1, -2
"""Kinds of pieces of a pcap file: its header, and a record. Those of a pcapng file are the types of its blocks."""

CONTEXT = frozenset((FILE_START, SECTION, INTERFACE))
"""Kinds of pieces without which the records after them cannot be read."""

MIN_BLOCK = 12
"""Octets of the shortest block of pcapng."""

Passed = Callable[[bytes | memoryview], object]


def walks(capture: Capture) -> bool:
    """Whether there is a walk of `mux.compiled.sieve` over records of this capture."""
    return offline.is_compiled() and can_be_copied(capture)


def sieve_for(
    protocols: Container[str], connections: Iterable[tuple[bytes, int, bytes, int]] | None = None
) -> Sieve | None:
    """What passes all but datagrams that look like these protocols, segments of these connections, and what is unusual.

    Without `connections` it passes those alone that it is told to give up. None where nothing is compiled: then all
    records are looked at.
    """
    if not offline.is_compiled():
        return None
    from dissectors.mux.compiled.sieve import Sieve

    return Sieve(rows_of(protocols), connections)


class Piece(NamedTuple):
    """Octets of a capture, and the record in them, if they are one.

    `kind` is the type of a pcapng block, `FILE_START` or `RECORD`; None for the rest of a block that is too long to be
    held. `order` is the byte order, `<` or `>`. A record of a format that cannot be written has no octets.
    """

    kind: int | None
    octets: bytes
    record: Record | None
    order: str = "<"


def pieces(capture: Capture, walk: Walk | None = None, passed: Passed = lambda octets: None) -> Iterator[Piece]:
    """The pieces of a capture, in order, up to its end or to where it is damaged.

    What a `walk` takes is none of them: `passed` gets its octets, which are valid until it returns.
    """
    walker = capture.walker
    if isinstance(walker, (PcapWalker, PcapngWalker)):
        taker = _Pcap(walker) if isinstance(walker, PcapWalker) else _Pcapng(walker)
        if walk is None:
            yield from capture.through(taker.take)
        else:
            yield from capture.lent_through(_Walked(taker, walker, walk, passed).take)
    else:
        for record in capture.records():
            yield Piece(RECORD, b"", record)


def can_be_copied(capture: Capture) -> bool:
    """Whether its pieces can be written as they are."""
    return isinstance(capture.walker, (PcapWalker, PcapngWalker))


class _Walked:
    """Chunks of which a walk takes what it can."""

    def __init__(
        self, taker: _Pcap | _Pcapng, walker: PcapWalker | PcapngWalker, walk: Walk, passed: Passed
    ) -> None:
        self._taker, self._walker, self._walk, self._passed = taker, walker, walk, passed

    def take(self, chunk: bytes | memoryview) -> Generator[Piece, None, int]:
        """The pieces that are whole with `chunk`, but for what is taken; how many octets at its end are left."""
        at, walker = 0, self._walker
        while at < len(chunk) and walker.notes.corrupt is None:
            end = self._walk.passed(walker, chunk, at)
            if end > at:
                self._passed(chunk[at:end])
                self._taker.skip(end - at)
                at = end
                if len(chunk) - at <= MAX_LEFT_OCTETS:
                    return len(chunk) - at
            piece = bytes(chunk[at : at + walker.wanted])
            yield from self._taker.take(piece)
            at += len(piece)
        return 0


class _Pcap:
    def __init__(self, walker: PcapWalker) -> None:
        self._walker = walker
        self._held = b""
        self._order, self._header = "", 0

    def take(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that are whole with `chunk`."""
        octets, at = self._held + chunk, 0
        if not self._header and len(octets) >= FILE_HEADER:
            self._order, _, self._header, _ = MAGICS[octets[:4]]
            at = FILE_HEADER
            yield Piece(FILE_START, octets[:at], None, self._order)
        for record in self._walker.feed(chunk):
            end = at + self._header + len(record.octets)
            yield Piece(RECORD, octets[at:end], record, self._order)
            at = end
        self._held = octets[at:]

    def skip(self, octets: int) -> None:
        """Go on behind whole records."""


class _Pcapng:
    def __init__(self, walker: PcapngWalker) -> None:
        self._walker = walker
        self._held = b""
        self._offset = 0
        self._rest = 0
        self._order = "<"

    def take(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that are whole with `chunk`, and the parts of a block that is too long to be held."""
        octets = self._held + chunk
        records = iter([*self._walker.feed(chunk)])
        corrupt = self._walker.notes.corrupt
        stop = corrupt[0] - self._offset if corrupt else len(octets)
        at = min(self._rest, len(octets))
        if at:
            self._rest -= at
            yield Piece(None, octets[:at], None, self._order)
        while at + MIN_BLOCK <= stop:
            if octets.startswith(MAGIC, at):
                self._order = ORDERS[octets[at + 8 : at + MIN_BLOCK]]
            kind, total = struct.unpack_from(self._order + "II", octets, at)
            end = at + total + -total % 4
            if end > len(octets):
                if kind in PACKETS or total <= MAX_READ_OCTETS:
                    break
                self._rest, end = end - len(octets), len(octets)
            yield Piece(kind, octets[at:end], next(records) if kind in PACKETS else None, self._order)
            at = end
        self._held = octets[at:]
        self._offset += at

    def skip(self, octets: int) -> None:
        """Go on behind whole blocks."""
        self._offset += octets
