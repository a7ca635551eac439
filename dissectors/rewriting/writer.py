"""The writer of captures: pieces copied as they are, records that changed, in the format that was read.

A format that is only read (snoop, ERF), and several captures together, become one pcapng file with a time in
nanoseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from dissectors.rewriting.pieces import FILE_START, RECORD, Piece
from dissectors.sources import pcapng_blocks
from dissectors.wire.captures.pcapng import ENHANCED, INTERFACE, SECTION, SIMPLE, Interface, PcapngWalker
from dissectors.wire.captures.records import Record

Write = Callable[[bytes], object]

SECTION_LENGTH, SECTION_LENGTH_END = 16, 24
UNKNOWN_LENGTH = b"\xff" * 8
"""Where a section says how long it is, and what it says when it does not."""

SNAPLEN_AT = {FILE_START: 16, INTERFACE: 12}
"""Where a header says how long records may be, by its kind."""

USUAL_SNAPLEN = 262_144
"""What captures say that were not cut."""

COMMENT, END = 1, 0
MAX_COMMENT_OCTETS = 1024


def unbounded(piece: Piece) -> bytes:
    """A section header that does not say how long the section is, for that will not be true any more."""
    octets = piece.octets
    if piece.kind != SECTION or len(octets) < SECTION_LENGTH_END:
        return octets
    return octets[:SECTION_LENGTH] + UNKNOWN_LENGTH + octets[SECTION_LENGTH_END:]


def commented(piece: Piece, octets: bytes, comment: str) -> bytes:
    """The octets of a piece of pcapng, with a comment on all that follows where it is a section header."""
    if not comment or piece.kind != SECTION or len(octets) < SECTION_LENGTH_END:
        return octets
    options = octets[SECTION_LENGTH_END:-4] or struct.pack(piece.order + "HH", END, 0)
    body = octets[8:SECTION_LENGTH_END] + _comment(piece.order, comment) + options
    total = struct.pack(piece.order + "I", len(body) + 12)
    return octets[:4] + total + body + total


def changed(piece: Piece, frame: bytes, original: int, comment: str = "") -> bytes:
    """The octets of a piece whose record is another frame now; a comment where the format has room for one."""
    order = piece.order
    if piece.kind == RECORD:
        header = len(piece.octets) - len(piece.record.octets if piece.record else b"")
        sizes = struct.pack(order + "II", len(frame), original)
        return piece.octets[:8] + sizes + piece.octets[16:header] + frame
    return _block(piece, frame, original, comment)


def _block(piece: Piece, frame: bytes, original: int, comment: str) -> bytes:
    """A packet block with another frame; a Simple Packet Block has no room for a comment, nor for what was cut off."""
    order, octets = piece.order, piece.octets
    held = len(piece.record.octets) if piece.record else 0
    padding = bytes(-len(frame) % 4)
    if piece.kind == SIMPLE:
        body = struct.pack(order + "I", len(frame)) + frame + padding
    else:
        begin = 28 + held + -held % 4
        options = octets[begin:-4]
        if comment:
            options = _comment(order, comment) + (options or struct.pack(order + "HH", END, 0))
        body = octets[8:20] + struct.pack(order + "II", len(frame), original) + frame + padding + options
    total = struct.pack(order + "I", len(body) + 12)
    return octets[:4] + total + body + total


def _comment(order: str, text: str) -> bytes:
    value = text.encode()[:MAX_COMMENT_OCTETS]
    return struct.pack(order + "HH", COMMENT, len(value)) + value + bytes(-len(value) % 4)


class Lengths:
    """How long records may be by the headers before them, and headers that allow more.

    A reader cuts what is longer. With `longest`, the octets of the longest record to be written, all headers allow that
    (readers want the same of all interfaces); then a Simple Packet Block that was cut becomes an Enhanced one, for it
    says how long it is by its interface alone.
    """

    def __init__(self, longest: int = 0) -> None:
        self._raised = max(longest, USUAL_SNAPLEN) if longest else 0
        self._walker = PcapngWalker()
        self._shortest = 0

    def header(self, piece: Piece, octets: bytes) -> bytes:
        """The octets of a piece that is no record, with the length that it has to allow."""
        if piece.kind in (SECTION, INTERFACE):
            if piece.kind == SECTION:
                self._walker = PcapngWalker()
            list(self._walker.feed(piece.octets))
        at = SNAPLEN_AT.get(piece.kind) if piece.kind is not None else None
        if at is None or len(octets) < at + 4:
            return octets
        (allowed,) = struct.unpack_from(piece.order + "I", octets, at)
        if self._raised and 0 < allowed < self._raised:
            allowed = self._raised
            octets = octets[:at] + struct.pack(piece.order + "I", allowed) + octets[at + 4 :]
        if allowed:
            self._shortest = min(allowed, self._shortest or allowed)
        return octets

    def allow(self, octets: int) -> bool:
        """Whether every header so far allows a record of so many octets."""
        return not self._shortest or octets <= self._shortest

    def kept(self, piece: Piece, octets: bytes) -> bytes:
        """The octets of a record that stays, where it says how long it is."""
        record = piece.record
        if not self._raised or piece.kind != SIMPLE or record is None or len(record.octets) >= record.original:
            return octets
        layout = self._walker.layout
        if layout is None:
            return octets
        ticks = _ticks(layout.interfaces[0], record.time)
        words = (0, ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF, len(record.octets), record.original)
        body = struct.pack(piece.order + "5I", *words) + record.octets + bytes(-len(record.octets) % 4)
        total = struct.pack(piece.order + "I", len(body) + 12)
        return struct.pack(piece.order + "I", ENHANCED) + total + body + total


def _ticks(interface: Interface, time: int) -> int:
    """Nanoseconds in the units of an interface."""
    return max(0, (time - interface.offset) * interface.over // interface.times)


class Joined:
    """Records of several captures, or of a format that is only read, as one pcapng file."""

    def __init__(self, write: Write, comment: str = "") -> None:
        self._write = write
        self._interfaces: dict[tuple[int, int], int] = {}
        write(pcapng_blocks.section(comment))

    def add(self, record: Record, file: int = 0, name: str = "", comment: str = "") -> None:
        """Write a record; the interface is that of its file and link layer, under the `name` of the file."""
        key = (file, record.link)
        number = self._interfaces.get(key)
        if number is None:
            number = self._interfaces[key] = len(self._interfaces)
            self._write(pcapng_blocks.interface(record.link, 0, name))
        self._write(enhanced(record, number, comment))


def enhanced(record: Record, interface: int, comment: str = "") -> bytes:
    """An Enhanced Packet Block, little-endian, of an interface whose times are nanoseconds."""
    _, time, _, octets, original = record
    options = _comment("<", comment) + struct.pack("<HH", END, 0) if comment else b""
    total = 32 + len(octets) + -len(octets) % 4 + len(options)
    head = pcapng_blocks.packet(
        ENHANCED, total, interface, time >> 32 & 0xFFFFFFFF, time & 0xFFFFFFFF, len(octets), original
    )
    return b"".join((head, octets, pcapng_blocks.PADDING[len(octets) & 3], options, pcapng_blocks.word(total)))
