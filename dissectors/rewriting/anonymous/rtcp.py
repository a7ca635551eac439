"""RTCP under other names: those of SDES, reasons of BYE, and whatever may be anything. Every length stays."""

from __future__ import annotations

from dissectors.rewriting.anonymous.pseudonyms import Pseudonyms

SENDER, RECEIVER, SDES, BYE, APP, FEEDBACK, EXTENDED = 200, 201, 202, 203, 204, 206, 207
KEPT_CONTROL = frozenset((SENDER, RECEIVER, 205))
"""Types of RTCP without names: reports of senders and receivers, unless extended, and feedback of transport."""

OF_APPLICATIONS, ESTIMATE, LARGEST_BLOCK = 15, b"REMB", 36
"""Feedback that may hold anything, what it usually is, and the last type of block of extended reports."""

KNOWN_APPLICATIONS = frozenset((b"PoC1", b"PoC2", b"MCPT", b"MCPC", b"MCV0", b"MCV1", b"MCV2", b"PSS0", b"qtsi"))

HEADER, SRTCP_TRAILER, VERSION_BITS, LARGEST_OTHER_TYPE = 8, 14, 0xC0, 0x7F
"""Octets of RTCP that SRTCP leaves in the clear, and of its index with the usual seal behind it (RFC 3711, 3.4)."""

PADDED = 0x20


def encrypted(payload: bytes, names: Pseudonyms) -> bytes | None:
    """SRTCP that is random behind its header; None for what is too short."""
    if len(payload) < HEADER + SRTCP_TRAILER:
        return None
    random = bytearray(names.octets("control", payload, len(payload)))
    # Readers without keys must not take what follows the first packet for another one.
    behind = 4 + 4 * int.from_bytes(payload[2:4], "big")
    if HEADER <= behind < len(payload) - 1:
        random[behind] &= ~VERSION_BITS
        random[behind + 1] &= LARGEST_OTHER_TYPE
    random[:HEADER] = payload[:HEADER]
    random[-SRTCP_TRAILER : 4 - SRTCP_TRAILER] = payload[-SRTCP_TRAILER : 4 - SRTCP_TRAILER]
    return bytes(random)


def compound(payload: bytes, names: Pseudonyms) -> bytes | None:
    """RTCP, packet by packet; None where the packets do not fit."""
    out: list[bytes] = []
    at = 0
    while at + 4 <= len(payload):
        end = at + 4 + 4 * int.from_bytes(payload[at + 2 : at + 4], "big")
        if payload[at] >> 6 != 2 or end > len(payload):
            return None
        one = payload[at:end]
        is_kept = one[1] in KEPT_CONTROL and (one[1] > RECEIVER or len(one) <= _reported(one))
        out.append(one if is_kept else packet(one, names))
        at = end
    return b"".join(out) if at == len(payload) else None


def packet(octets: bytes, names: Pseudonyms) -> bytes:
    """A packet of RTCP that may hold names: as long as it was, its padding included."""
    count = octets[-1] if octets[0] & PADDED else 0
    if not 0 < count <= len(octets) - HEADER:
        return _packet(octets, names)
    return _packet(octets[:-count], names) + bytes(count - 1) + bytes((count,))


def _packet(octets: bytes, names: Pseudonyms) -> bytes:
    kind, size, out = octets[1], len(octets), bytearray(octets)
    if kind == SDES:
        _sdes(out, names, size)
    elif kind == BYE:
        _reason(out, names, size)
    elif kind in (SENDER, RECEIVER):
        _fill(out, names, _reported(octets))
    elif kind == FEEDBACK:
        if out[0] & 0x1F == OF_APPLICATIONS and octets[12:16] != ESTIMATE:
            _fill(out, names, 12)
    elif kind == EXTENDED:
        _extended(out, names)
    elif kind == APP:
        if octets[8:12] not in KNOWN_APPLICATIONS:
            _rename(out, names, 8, min(12, size))
        out[12:] = names.octets("app", octets[12:], max(0, size - 12))
    else:
        out[8:] = names.octets("control", octets[8:], max(0, size - 8))
    return bytes(out)


def _fill(out: bytearray, names: Pseudonyms, begin: int, end: int | None = None) -> None:
    """Random octets in the place of what may be anything."""
    old = bytes(out[begin:end])
    out[begin:end] = names.octets("control", old, len(old))


def _extended(out: bytearray, names: Pseudonyms) -> None:
    """Blocks of extended reports: those that are registered hold numbers."""
    at = HEADER
    while at + 4 <= len(out):
        end = at + 4 + 4 * int.from_bytes(out[at + 2 : at + 4], "big")
        if not 1 <= out[at] <= LARGEST_BLOCK or end > len(out):
            _fill(out, names, at + 4, end)
        at = end


def _sdes(out: bytearray, names: Pseudonyms, end: int) -> None:
    place = 4
    for _ in range(out[0] & 0x1F):
        place += 4
        while place + 2 <= end and out[place]:
            size = out[place + 1]
            _rename(out, names, place + 2, min(end, place + 2 + size))
            place += 2 + size
        place += 4 - place % 4


def _reason(out: bytearray, names: Pseudonyms, end: int) -> None:
    place = 4 + 4 * (out[0] & 0x1F)
    if place < end:
        _rename(out, names, place + 1, min(end, place + 1 + out[place]))


def _rename(out: bytearray, names: Pseudonyms, begin: int, end: int) -> None:
    """Words within octets whose number must not change."""
    old = bytes(out[begin:end])
    try:
        new = names.text(old.decode()).encode()
    except UnicodeDecodeError:
        new = b""
    out[begin:end] = new if len(new) == len(old) else names.octets("text", old, len(old))


def _reported(packet: bytes) -> int:
    """Octets of a report: its header, what a sender says of itself, and its blocks."""
    return HEADER + 20 * (packet[1] == SENDER) + 24 * (packet[0] & 0x1F)
