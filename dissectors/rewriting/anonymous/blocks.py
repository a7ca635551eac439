"""Blocks of pcapng without names: what describes who captured where goes, what times need stays."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dissectors.rewriting.pieces import FILE_START, RECORD, Piece
from dissectors.rewriting.writer import unbounded
from dissectors.wire.captures.pcapng import ENHANCED, INTERFACE, PACKET, SECTION, SIMPLE, STATISTICS
from dissectors.wire.captures.records import Notes

FIRST_OPTION = {SECTION: 24, INTERFACE: 16, STATISTICS: 20}
"""Where options begin in a block, by its type."""

KEPT_OPTIONS = {SECTION: (), INTERFACE: (9, 13, 14), STATISTICS: (2, 3, 4, 5, 6, 7, 8), ENHANCED: (2, 4), PACKET: (2,)}
"""Options that hold numbers alone: resolution, frame check, offset; times and counts; flags and drops."""

MAX_OPTIONS, LARGEST = 1024, 0xFFFFFFFF


def without_names(piece: Piece) -> bytes:
    """The octets of a piece without comments and names; none at all of blocks that may hold anything."""
    if piece.kind in (FILE_START, RECORD, SIMPLE):
        return piece.octets
    if piece.kind not in KEPT_OPTIONS:
        return b""
    octets = unbounded(piece)
    start = FIRST_OPTION.get(piece.kind)
    if start is None:
        held = len(piece.record.octets) if piece.record else 0
        start = 28 + held + -held % 4
    kept = b"".join(
        octets[begin:end] for code, begin, end in _options(octets, start, piece.order)
        if code in KEPT_OPTIONS[piece.kind]
    )
    body = octets[8:start] + (kept + bytes(4) if kept else b"")
    total = struct.pack(piece.order + "I", len(body) + 12)
    return octets[:4] + total + body + total


def damage(notes: Notes, order: str, blocks: bool) -> bytes:
    """The beginning of a record, or of one of pcapng's `blocks`, with which a copy of what has this damage ends."""
    if not notes.damage:
        return b""
    if blocks:
        return struct.pack(order + "III", ENHANCED, 64 if notes.corrupt is None else 0, 0)
    return struct.pack(order + "IIII", 0, 0, *((1, 1) if notes.corrupt is None else (LARGEST, LARGEST)))


def _options(octets: bytes, at: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Code, first octet and end of each option, its head and padding included."""
    for _ in range(MAX_OPTIONS):
        if at + 8 > len(octets):
            return
        code, size = struct.unpack_from(order + "HH", octets, at)
        end = at + 4 + size + -size % 4
        if code == 0 or end > len(octets) - 4:
            return
        yield code, at, end
        at = end
