"""Records of pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces with their own clocks.

Packets come from Enhanced, Simple and (obsolete) Packet Blocks. Comments, interface names and drop counts become notes;
decryption secrets of TLS are handed on. Name resolution, custom and unknown blocks are stepped over without being held.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from dissectors.wire.captures.records import MAX_RECORD_OCTETS, MAX_TEXT_OCTETS, MAX_TIME_NS, Notes, Pending, Record
from dissectors.wire.values import NamedTuple, Struct

MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION, INTERFACE, PACKET, SIMPLE, STATISTICS, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 2, 3, 5, 6, 10
TLS_KEY_LOG = 0x544C534B

ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
HEADS = {order: struct.Struct(order + "7I").unpack_from for order in "<>"}
NAMES = {"<": "little-endian", ">": "big-endian"}

MAX_BLOCK_OCTETS = MAX_RECORD_OCTETS + 0x20000
"""The longest packet block that is believed: a record and its options."""

MAX_READ_OCTETS = 1 << 20
"""The longest of the other blocks whose options are read; longer ones are stepped over."""

MAX_INTERFACES = 1 << 16
MAX_OPTIONS = 1024

COMMENT = 1
INTERFACE_NAME, TIME_RESOLUTION, TIME_OFFSET = 2, 9, 14
DROP_COUNT = 4
INTERFACE_DROPS = 5


class Interface(NamedTuple):
    """One Interface Description Block.

    A timestamp in the interface's units is `ticks * times // over + offset` nanoseconds.
    """

    link: int
    snaplen: int
    times: int
    over: int
    offset: int


class Layout(Struct, frozen=True):
    """The layout of packet blocks: byte order, and the interfaces of the section so far."""

    big: bool
    interfaces: list[Interface]


def recognise(start: bytes) -> PcapngWalker | None:
    """A walker, where `start` begins a pcapng file."""
    return PcapngWalker() if start.startswith(MAGIC) else None


class PcapngWalker:
    """Octets of a pcapng file in, records out."""

    def __init__(self) -> None:
        self._order = "<"
        self._interfaces: list[Interface] = []
        self._drops: dict[int, int] = {}
        self._time = 0
        self._skip = 0
        self._begun = False
        self._pending = Pending()
        self._pending.needed = 12
        self.notes = Notes(format="pcapng")

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are whole with `chunk`, in order."""
        if self.notes.corrupt is not None:
            return
        if self._skip:
            skipped = min(self._skip, len(chunk))
            self._skip -= skipped
            self._pending.offset += skipped
            chunk = chunk[skipped:]
            if not chunk:
                return
        octets = self._pending.take(chunk)
        if octets is not None:
            yield from self._blocks(octets)

    @property
    def wanted(self) -> int:
        """How many more octets it needs, at least, before it can go on."""
        return self._skip or self._pending.wanted

    @property
    def layout(self) -> Layout | None:
        """How the next blocks lie; None within one."""
        return None if self._skip or self._pending.held else Layout(self._order == ">", self._interfaces)

    def passed(self, octets: int, records: dict[int, int], time: int) -> None:
        """Go on behind whole packet blocks that were read elsewhere, `records` of them by LINKTYPE."""
        self._pending.offset += octets
        self.notes.passed(records)
        self._time = time

    def finish(self) -> bool:
        """Whether the capture ended within a block."""
        if (self._pending.held or self._skip) and self.notes.corrupt is None:
            self.notes.cut = self._pending.offset
        return self.notes.cut is not None

    def _blocks(self, octets: bytes) -> Iterator[Record]:
        at, size, needed = 0, len(octets), 12
        while at + 12 <= size:
            record = self._plain(octets, at) if at + 32 <= size else None
            if record is not None:
                yield record
                at += 32 + (len(record.octets) + 3 & ~3)
                continue
            if octets[at : at + 4] == MAGIC and not self._section(octets, at):
                return
            kind, total = struct.unpack_from(self._order + "II", octets, at)
            if total < 12 or (kind in PACKETS and total > MAX_BLOCK_OCTETS):
                self._stop(at, f"a block claims {total} bytes")
                return None
            total += -total % 4
            end = at + total
            if end > size:
                if kind in PACKETS or total <= MAX_READ_OCTETS:
                    needed = total
                    break
                self._skip = end - size
                self._pending.offset += size
                self._pending.needed = 12
                return None
            if struct.unpack_from(self._order + "I", octets, end - 4)[0] + 3 & ~3 != total:
                self._stop(at, "a block's two lengths differ")
                return None
            packet = PACKETS.get(kind)
            if packet is not None:
                record = packet(self, octets, at, end - 4)
                if record is None:
                    return None
                yield record
            elif kind in OTHERS:
                OTHERS[kind](self, octets, at, end - 4)
            at = end
        self._pending.keep(octets, at, needed)

    def _plain(self, octets: bytes, at: int) -> Record | None:
        """The record of the commonest block, a whole Enhanced Packet Block without options; None for any other."""
        kind, total, number, high, low, captured, original = HEADS[self._order](octets, at)
        if (
            kind != ENHANCED
            or total != 32 + (captured + 3 & ~3)
            or captured > MAX_RECORD_OCTETS
            or at + total > len(octets)
            or number >= len(self._interfaces)
            or octets[at + total - 4 : at + total] != octets[at + 4 : at + 8]
        ):
            return None
        link, _, times, over, offset = self._interfaces[number]
        self._time = min(max(0, (high << 32 | low) * times // over + offset), MAX_TIME_NS)
        notes = self.notes
        notes.packets += 1
        notes.links[link] = notes.links.get(link, 0) + 1
        start = at + 28
        return tuple.__new__(Record, (notes.packets, self._time, link, octets[start : start + captured], original))

    def _stop(self, at: int, reason: str) -> None:
        self.notes.corrupt = (self._pending.offset + at, reason)

    def _section(self, octets: bytes, at: int) -> bool:
        order = ORDERS.get(octets[at + 8 : at + 12])
        if order is None:
            self._stop(at, "a section with an unknown byte order")
            return False
        self._order = order
        return True

    def _begin_section(self, octets: bytes, at: int, end: int) -> None:
        name = f"pcapng, {NAMES[self._order]}"
        if not self._begun:
            self.notes.format = name
        elif self.notes.format != name:
            self.notes.format = "pcapng, both byte orders"
        self._begun = True
        self._interfaces.clear()
        self._drops.clear()
        for code, start, stop in self._options(octets, at + 24, end):
            if code == COMMENT:
                self.notes.comment(0, octets[start:stop])

    def _interface(self, octets: bytes, at: int, end: int) -> None:
        if at + 16 > end or len(self._interfaces) >= MAX_INTERFACES:
            return
        link, _, snaplen = struct.unpack_from(self._order + "HHI", octets, at + 8)
        times, over, offset, name = 1000, 1, 0, b""
        for code, start, stop in self._options(octets, at + 16, end):
            if code == INTERFACE_NAME:
                name = octets[start:stop]
            elif code == COMMENT:
                self.notes.comment(0, octets[start:stop])
            elif code == TIME_RESOLUTION and stop > start:
                times, over = resolution(octets[start])
            elif code == TIME_OFFSET and stop - start >= 8:
                offset = struct.unpack_from(self._order + "q", octets, start)[0] * 1_000_000_000
        self._interfaces.append(Interface(link, snaplen, times, over, offset))
        self.notes.interface(name.rstrip(b"\0"))

    def _statistics(self, octets: bytes, at: int, end: int) -> None:
        if at + 20 > end:
            return
        interface = struct.unpack_from(self._order + "I", octets, at + 8)[0]
        for code, start, stop in self._options(octets, at + 20, end):
            if code == COMMENT:
                self.notes.comment(0, octets[start:stop])
            elif code == INTERFACE_DROPS and stop - start == 8 and interface < len(self._interfaces):
                # The counter runs from the start of the capture: the last one holds.
                drops = struct.unpack_from(self._order + "Q", octets, start)[0]
                self.notes.drops += drops - self._drops.get(interface, 0)
                self._drops[interface] = drops

    def _secrets(self, octets: bytes, at: int, end: int) -> None:
        """A Decryption Secrets Block: the lines of a TLS key log."""
        if at + 16 > end or self.notes.secrets is None:
            return
        kind, size = struct.unpack_from(self._order + "II", octets, at + 8)
        if kind == TLS_KEY_LOG and at + 16 + size <= end:
            self.notes.secrets(octets[at + 16 : at + 16 + size])

    def _enhanced(self, octets: bytes, at: int, end: int) -> Record | None:
        if at + 28 > end:
            self._stop(at, "a packet block without its header")
            return None
        number, high, low, captured, original = struct.unpack_from(self._order + "5I", octets, at + 8)
        return self._record(octets, at, end, 28, number, high << 32 | low, (captured, original))

    def _packet(self, octets: bytes, at: int, end: int) -> Record | None:
        if at + 28 > end:
            self._stop(at, "a packet block without its header")
            return None
        number, _, high, low, captured, original = struct.unpack_from(self._order + "HHIIII", octets, at + 8)
        return self._record(octets, at, end, 28, number, high << 32 | low, (captured, original))

    def _simple(self, octets: bytes, at: int, end: int) -> Record | None:
        original = struct.unpack_from(self._order + "I", octets, at + 8)[0] if at + 12 <= end else 0
        snaplen = self._interfaces[0].snaplen if self._interfaces else 0
        captured = min(original, snaplen or original, max(0, end - at - 12))
        return self._record(octets, at, end, 12, 0, None, (captured, original))

    def _record(
        self, octets: bytes, at: int, end: int, header: int, number: int, ticks: int | None, sizes: tuple[int, int]
    ) -> Record | None:
        """The record of a packet block, its `sizes` captured and original.

        Without `ticks` (a Simple Packet Block) it has the time of the one before.
        """
        captured, original = sizes
        start = at + header
        stop = start + captured
        if captured > MAX_RECORD_OCTETS or stop > end:
            self._stop(at, f"a packet of {captured} bytes in a block of {end + 4 - at}")
            return None
        if number >= len(self._interfaces):
            self._stop(at, f"a packet of interface {number}, which was never described")
            return None
        link, _, times, over, offset = self._interfaces[number]
        if ticks is not None:
            self._time = min(max(0, ticks * times // over + offset), MAX_TIME_NS)
        notes = self.notes
        notes.packets += 1
        notes.links[link] = notes.links.get(link, 0) + 1
        options = stop + -captured % 4
        if ticks is not None and options + 4 <= end:
            self._packet_options(octets, options, end)
        return tuple.__new__(Record, (notes.packets, self._time, link, octets[start:stop], original))

    def _packet_options(self, octets: bytes, at: int, end: int) -> None:
        for code, start, stop in self._options(octets, at, end):
            if code == COMMENT:
                self.notes.comment(self.notes.packets, octets[start : min(stop, start + MAX_TEXT_OCTETS)])

    def _options(self, octets: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Code, first octet and end of each option up to the end-of-options mark or the first that does not fit."""
        for _ in range(MAX_OPTIONS):
            if at + 4 > end:
                return
            code, length = struct.unpack_from(self._order + "HH", octets, at)
            start = at + 4
            if code == 0 or start + length > end:
                return
            yield code, start, start + length
            at = start + length + -length % 4


def resolution(octet: int) -> tuple[int, int]:
    """What ticks are multiplied with, then divided by, to be nanoseconds: if_tsresol is 10^-n, or 2^-n with bit 7."""
    if octet & 0x80:
        return 1_000_000_000, 1 << (octet & 0x7F)
    return (10 ** (9 - octet), 1) if octet <= 9 else (1, 10 ** (octet - 9))


PACKETS: dict[int, Callable[[PcapngWalker, bytes, int, int], Record | None]] = {
    ENHANCED: PcapngWalker._enhanced,
    SIMPLE: PcapngWalker._simple,
    PACKET: PcapngWalker._packet,
}

OTHERS: dict[int, Callable[[PcapngWalker, bytes, int, int], Any]] = {
    SECTION: PcapngWalker._begin_section,
    INTERFACE: PcapngWalker._interface,
    STATISTICS: PcapngWalker._statistics,
    SECRETS: PcapngWalker._secrets,
}
