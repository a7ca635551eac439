"""Records of ERF files, which Endace's capture cards write, and the same records inside pcap (LINKTYPE 197).

ERF has no magic number: a file is believed when its first record has a type that exists and a length that is possible,
and the second begins where that says. Times are 32.32 fixed-point numbers of seconds, little-endian; everything else
is big-endian. Records of padding are no frames; those of provenance, and counters, are frames without a link layer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dissectors.wire.captures.records import Notes, Pending, Record
from dissectors.wire.link.headers import ETHERNET, ETHERTYPE, IPV4, IPV6, LINK, Frame, Next, Reader, llc

HEADER = 16
LINKTYPE = 197
PADDING = 48
MORE = 0x80
"""The high bit of a record's type and of each extension header: another one of 8 octets follows."""

PPP = 9
NOTHING: tuple[int, int | None, int] = (0, None, 0)
TYPES: dict[int, tuple[int, int | None, int]] = {
    **dict.fromkeys((1, 10, 15, 19), (0, LINK, PPP)),
    **dict.fromkeys((2, 11, 16, 20), (2, LINK, ETHERNET)),
    **dict.fromkeys((5, 17), (4, LINK, PPP)),
    **dict.fromkeys((4, 18), (4, None, 0)),
    **dict.fromkeys((3, 6, 7, 8, 9, 12, 13, 14, 21, 24, 25, 27, PADDING), NOTHING),
    22: (0, ETHERTYPE, IPV4),
    23: (0, ETHERTYPE, IPV6),
}
"""By type: octets between the header and the frame, and the frame's number space and number where it is read."""

LLC_OVER_ATM = frozenset((4, 18))
"""AAL5 and AAL2: four octets of the ATM header, then LLC (RFC 2684)."""

unpack = struct.Struct("<Q").unpack_from
unpack_sizes = struct.Struct("!HHH").unpack_from


def octets_to_know(start: bytes) -> int:
    """The octets needed to recognise a file that begins with `start`: the first record and the next header."""
    if len(start) < HEADER or not possible(start, 0):
        return HEADER
    first: int = unpack_sizes(start, 10)[0]
    return first + 2 * HEADER


def begins(start: bytes) -> bool:
    """Whether a file that begins with `start` is ERF; fewer than `octets_to_know` octets are taken for all of it."""
    if len(start) < HEADER or not possible(start, 0):
        return False
    second: int = unpack_sizes(start, 10)[0]
    if second + HEADER > len(start):
        return second == len(start)
    # The clock of one card runs forward; cards that were merged are not hours apart.
    apart: int = abs(unpack(start, second)[0] - unpack(start, 0)[0]) >> 32
    return possible(start, second) and (apart < 86_400 or PADDING in (start[8] & 0x7F, start[second + 8] & 0x7F))


def possible(octets: bytes, at: int) -> bool:
    """Whether a record can begin here, as far as its header shows."""
    kind = octets[at + 8] & 0x7F
    return kind in TYPES and unpack_sizes(octets, at + 10)[0] >= HEADER + TYPES[kind][0]


class ErfWalker:
    """Octets of an ERF file in, records out: each with its own header, as LINKTYPE 197 has them."""

    def __init__(self) -> None:
        self._pending = Pending()
        self._pending.needed = HEADER
        self.notes = Notes(format="ERF")

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are whole with `chunk`, in order."""
        if self.notes.corrupt is not None:
            return
        octets = self._pending.take(chunk)
        if octets is None:
            return
        at, needed, notes = 0, HEADER, self.notes
        while at + HEADER <= len(octets):
            size, lost, sent = unpack_sizes(octets, at + 10)
            if not possible(octets, at):
                notes.corrupt = (self._pending.offset + at, f"a record of type {octets[at + 8]} and {size} bytes")
                return
            if at + size > len(octets):
                needed = size
                break
            kind = octets[at + 8] & 0x7F
            if kind != PADDING:
                notes.packets += 1
                notes.links[LINKTYPE] = notes.packets
                if kind == 2:
                    notes.drops += lost
                time = (unpack(octets, at)[0] * 1_000_000_000 + (1 << 31)) >> 32
                yield Record(notes.packets, time, LINKTYPE, octets[at : at + size], max(size, HEADER + sent))
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


def record(frame: Frame, at: int, end: int) -> Next | None:
    """The header of a record, its extension headers, and what its type puts before the frame."""
    octets = frame.octets
    if at + HEADER > frame.held:
        return None
    kind = octets[at + 8]
    size, _, sent = unpack_sizes(octets, at + 10)
    frame.held = min(frame.held, at + size)
    start = at + HEADER
    while kind & MORE:
        if start + 8 > frame.held:
            return None
        kind = octets[start] & MORE | kind & 0x7F
        start += 8
    before, space, number = TYPES.get(kind, NOTHING)
    start += before
    # Records are padded to a multiple of eight octets, which is not the frame's.
    frame.held = min(frame.held, start + sent)
    if kind in LLC_OVER_ATM:
        return llc(frame, start, start + sent)
    return None if space is None else Next(space, number, start, start + sent)


LINKS: dict[int, Reader] = {LINKTYPE: record}
