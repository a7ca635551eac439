"""Records of snoop files (RFC 1761), which Solaris writes."""
from __future__ import annotations

import struct
from collections.abc import Iterator

from dissectors.wire.captures.records import MAX_RECORD_OCTETS, Notes, Pending, Record

MAGIC = b"snoop\0\0\0"
FILE_HEADER = 16
RECORD_HEADER = 24

LINKS = {0: 1, 4: 1, 5: 50}
"""LINKTYPE by snoop's datalink number: IEEE 802.3 and Ethernet are one, HDLC carries PPP. Others have no twin here."""

UNNAMED_LINK = 0xFFFF


def recognise(start: bytes) -> SnoopWalker | None:
    """A walker, where `start` begins a snoop file."""
    return SnoopWalker() if start.startswith(MAGIC) else None


class SnoopWalker:
    """Octets of a snoop file in, records out."""

    def __init__(self) -> None:
        self._link: int | None = None
        self._pending = Pending()
        self._pending.needed = FILE_HEADER
        self.notes = Notes(format="snoop, big-endian, microseconds")

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are whole with `chunk`, in order."""
        if self.notes.corrupt is not None:
            return
        octets = self._pending.take(chunk)
        if octets is None:
            return
        at, needed, notes = 0, RECORD_HEADER, self.notes
        if self._link is None:
            self._link = LINKS.get(struct.unpack_from("!I", octets, 12)[0], UNNAMED_LINK)
            at = FILE_HEADER
        while at + RECORD_HEADER <= len(octets):
            original, captured, size, drops, seconds, micros = struct.unpack_from("!6I", octets, at)
            if captured > MAX_RECORD_OCTETS or not RECORD_HEADER + captured <= size <= 2 * MAX_RECORD_OCTETS:
                notes.corrupt = (self._pending.offset + at, f"a record of {size} bytes claims {captured}")
                return
            if at + size > len(octets):
                needed = size
                break
            start = at + RECORD_HEADER
            notes.packets += 1
            notes.links[self._link] = notes.packets
            notes.drops = drops
            time = seconds * 1_000_000_000 + micros * 1000
            yield Record(notes.packets, time, self._link, octets[start : start + captured], original)
            at += size
        self._pending.keep(octets, at, needed)

    @property
    def wanted(self) -> int:
        """How many more octets it needs, at least, before it can go on."""
        return self._pending.wanted

    @property
    def layout(self) -> None:
        """Nobody else walks these records."""
        return None

    def passed(self, octets: int, records: dict[int, int], time: int) -> None:
        """Go on behind whole records that were read elsewhere."""
        self._pending.offset += octets
        self.notes.passed(records)

    def finish(self) -> bool:
        """Whether the capture ended within a record."""
        if self._pending.held and self.notes.corrupt is None:
            self.notes.cut = self._pending.offset
        return self.notes.cut is not None
