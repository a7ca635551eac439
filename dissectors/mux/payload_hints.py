"""What single payloads tell the evidence beyond their row: who is named in RTCP, what DTLS agreed on, an extension."""

from __future__ import annotations

BEGINS_COMPOUND = {200: (6, 6), 201: (1, 6), 204: (2, 0), 205: (2, 0), 206: (2, 0), 207: (1, 0)}
"""By packet type: the words after the first that it needs at least, and how many more for each of its report blocks.

A compound begins with a report (RFC 3550 section 6.1) or, reduced in size, with feedback (RFC 5506 section 3.4.1).
"""

WHATSAPP = {208: (2, 0), 209: (1, 0)}
"""The same for the types that WhatsApp adds, encrypted as SRTCP is."""

FIRST_HEARD = {200: 28, 201: 8}
"""By packet type: where a report names the source of its first block."""

RFC_8285 = b"\xbe\xde"


def goes_on_encrypted(payload: bytes) -> bool:
    """Whether a datagram of DTLS records holds one of a later epoch than the first (RFC 6347 section 4.1)."""
    start = 0
    while start + 13 <= len(payload):
        if payload[start + 3 : start + 5] != b"\0\0":
            return True
        start += 13 + int.from_bytes(payload[start + 11 : start + 13], "big")
    return False


def has_room(payload: bytes) -> bool:
    """Whether RTCP's first packet is as long as its type and its count of report blocks ask; others have no bound."""
    least, block = BEGINS_COMPOUND.get(payload[1]) or WHATSAPP.get(payload[1], (0, 0))
    return int.from_bytes(payload[2:4], "big") >= least + block * (payload[0] & 0x1F if block else 0)


def may_repeat(packet_type: int, random_source: bool) -> bool:
    """Whether a packet type that comes again and again from one source, on one flow, is RTCP."""
    return packet_type in BEGINS_COMPOUND or (random_source and packet_type in WHATSAPP)


def has_extension(payload: bytes) -> bool:
    """Whether an RTP header carries the one-byte extension of RFC 8285, whose profile is a magic number."""
    end = 12 + 4 * (payload[0] & 0x0F)
    return bool(payload[0] & 0x10) and payload[end : end + 2] == RFC_8285


def sources(payload: bytes) -> list[int]:
    """The sender's SSRC and, of a report with blocks, the first source heard (RFC 3550 section 6.4)."""
    sender = int.from_bytes(payload[4:8], "big") if len(payload) >= 8 else 0
    found = [sender] if sender else []
    first = FIRST_HEARD.get(payload[1]) if payload[0] & 0x1F else None
    if first is not None and len(payload) >= first + 4 and (heard := int.from_bytes(payload[first : first + 4], "big")):
        found.append(heard)
    return found
