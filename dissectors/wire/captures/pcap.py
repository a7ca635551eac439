"""Records of pcap files: both byte orders, microseconds and nanoseconds, and the modified format of old Linux."""
from __future__ import annotations

import struct
from collections.abc import Iterator

from dissectors.wire.captures.records import MAX_RECORD_OCTETS, Notes, Pending, Record
from dissectors.wire.values import Struct

FILE_HEADER = 24

MAGICS: dict[bytes, tuple[str, int, int, str]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000, 16, "pcap, little-endian, microseconds"),
    b"\xa1\xb2\xc3\xd4": (">", 1000, 16, "pcap, big-endian, microseconds"),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16, "pcap, little-endian, nanoseconds"),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16, "pcap, big-endian, nanoseconds"),
    b"\x34\xcd\xb2\xa1": ("<", 1000, 24, "pcap, little-endian, modified"),
    b"\xa1\xb2\xcd\x34": (">", 1000, 24, "pcap, big-endian, modified"),
}
"""By the first four octets: byte order, nanoseconds in a unit of the fraction, size of a record header, name."""


UNWRITTEN = "there are zeros where a record begins, as in a file that was never written to its end"


class Layout(Struct, frozen=True):
    """The layout of records: byte order, nanoseconds in a unit of the fraction, size of a record's header, LINKTYPE."""

    big: bool
    unit: int
    header: int
    link: int


def recognise(start: bytes) -> PcapWalker | None:
    """A walker, where `start` begins a pcap file."""
    return PcapWalker(start[:4]) if start[:4] in MAGICS else None


class PcapWalker:
    """Octets of a pcap file in, records out (draft-ietf-opsawg-pcap)."""

    def __init__(self, magic: bytes) -> None:
        self._order, self._unit, self._header, name = MAGICS[magic]
        self._unpack = struct.Struct(self._order + "IIII").unpack_from
        self._link: int | None = None
        self._pending = Pending()
        self._pending.needed = FILE_HEADER
        self.notes = Notes(format=name)

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are whole with `chunk`, in order."""
        if self.notes.corrupt is not None:
            return
        pending = self._pending
        joined = pending.take(chunk)
        if joined is None:
            return
        at = 0
        if self._link is None:
            # The upper bits say how long the frame check sequence is; only the lower 16 name the link type.
            self._link = struct.unpack_from(self._order + "I", joined, 20)[0] & 0xFFFF
            at = FILE_HEADER
        yield from self._records(joined, at)

    def _records(self, octets: bytes, at: int) -> Iterator[Record]:
        link, unit, header, unpack = self._link or 0, self._unit, self._header, self._unpack
        new, size, notes = tuple.__new__, len(octets), self.notes
        first = frame = notes.packets
        needed = header
        while at + header <= size:
            seconds, fraction, captured, original = unpack(octets, at)
            start = at + header
            end = start + captured
            if captured > MAX_RECORD_OCTETS:
                notes.corrupt = (self._pending.offset + at, f"a record claims {captured} bytes")
                break
            if end > size:
                needed = end - at
                break
            if not (seconds or fraction or captured or original):
                notes.corrupt = (self._pending.offset + at, UNWRITTEN)
                break
            frame += 1
            notes.packets = frame
            yield new(Record, (frame, seconds * 1_000_000_000 + fraction * unit, link, octets[start:end], original))
            at = end
        if frame > first:
            notes.links[link] = frame
        if notes.corrupt is None:
            self._pending.keep(octets, at, needed)

    @property
    def wanted(self) -> int:
        """How many more octets it needs, at least, before it can go on."""
        return self._pending.wanted

    @property
    def layout(self) -> Layout | None:
        """How the next records lie; None within one or before the file's header."""
        if self._link is None or self._pending.held:
            return None
        return Layout(self._order == ">", self._unit, self._header, self._link)

    def passed(self, octets: int, records: dict[int, int], time: int) -> None:
        """Go on behind whole records that were read elsewhere, `records` of them by LINKTYPE."""
        self._pending.offset += octets
        self.notes.passed(records)

    def finish(self) -> bool:
        """Whether the capture ended within a record."""
        if self._pending.held and self.notes.corrupt is None:
            self.notes.cut = self._pending.offset
        return self.notes.cut is not None
