"""HEP: a message that a capture agent saw elsewhere, with the addresses and the time that it had there.

Version 3 is that of the HEP/EEP specification, revision 36: a header, then chunks of vendor, type, length and value.
Versions 1 and 2 are what Kamailio and OpenSIPS sent before: eight octets, addresses, in version 2 the time in the order
of the sender's processor, then the message.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import product

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.values import Struct

MARK = b"HEP3"
ENDS = {2: 4, 10: 16}
"""The octets of an address by its family (that of Linux)."""

OLD_HEADER, OLD_TIME = 8, 12
OLD_MARKS = tuple(
    bytes((version, OLD_HEADER + 2 * size + time, family, protocol))
    for version, (family, size), protocol, time in product((1, 2), ENDS.items(), (6, 17), (0, OLD_TIME))
    if version == 2 or not time
)
"""How versions 1 and 2 begin: version, octets of the header (some count the time, too), family, protocol of IP."""

MARKS = (MARK, *OLD_MARKS)
HEADER, CHUNK_HEADER = 6, 6
MAX_PAYLOAD_OCTETS = 1 << 20
"""Octets of a payload, inflated, beyond which it is left out."""

PROTOCOL, SRC, DST, SRC6, DST6, SPORT, DPORT, SECONDS, MICROSECONDS = 2, 3, 4, 5, 6, 7, 8, 9, 10
PAYLOAD, COMPRESSED_PAYLOAD = 15, 16
FAMILY, KIND, AGENT, CORRELATION, NODE = 1, 11, 12, 17, 19
MAX_NAME_LENGTH = 64
FAMILIES = {4: (2, SRC, DST), 16: (10, SRC6, DST6)}
"""By the size of an address: IP's family, and the chunks of both ends."""

MAX_PACKET_OCTETS = 0xFFFF
GENERIC_VENDOR = 0
TCP_NUMBER = 6
ZLIB_OR_GZIP = 47


class Packet(Struct, frozen=True):
    """What an agent saw: both ends, IP's number of the transport, nanoseconds since the epoch, and the message.

    `agent` is its number, with its name where it gives one; empty where it gives neither.
    """

    src: bytes
    sport: int
    dst: bytes
    dport: int
    protocol: int
    time: int
    payload: bytes
    agent: str = ""


def frame(octets: bytes) -> int | Incomplete:
    """The size of the packet that begins a stream of them, or `Incomplete`; raises Malformed where none does."""
    if not octets.startswith(MARK[: len(octets)]):
        raise Malformed("HEP", 0, "no HEP3")
    if len(octets) < HEADER:
        return Incomplete(HEADER)
    size = int.from_bytes(octets[4:6], "big")
    if size < HEADER:
        raise Malformed("HEP", 4, f"a packet of {size} bytes")
    return size if size <= len(octets) else Incomplete(size)


def old_header(octets: bytes) -> int | Incomplete:
    """Where the message of a packet of version 1 or 2 begins; only that says how long it is on a stream."""
    if not any(mark.startswith(octets[: len(mark)]) for mark in OLD_MARKS):
        raise Malformed("HEP", 0, "no version 1 or 2")
    if len(octets) < OLD_HEADER:
        return Incomplete(OLD_HEADER)
    return OLD_HEADER + 2 * ENDS[octets[2]] + (OLD_TIME if octets[0] == 2 else 0)


def build(packet: Packet, kind: int, agent: int, correlation: bytes = b"") -> bytes | None:
    """A packet of this kind of payload from an agent; `correlation` is a Call-ID. None where it is too long."""
    family, src, dst = FAMILIES[len(packet.src)]
    seconds, nanoseconds = divmod(packet.time, 1_000_000_000)
    chunks = [
        (FAMILY, bytes((family,))), (PROTOCOL, bytes((packet.protocol,))), (src, packet.src), (dst, packet.dst),
        (SPORT, packet.sport.to_bytes(2, "big")), (DPORT, packet.dport.to_bytes(2, "big")),
        (SECONDS, (seconds & 0xFFFFFFFF).to_bytes(4, "big")), (MICROSECONDS, (nanoseconds // 1000).to_bytes(4, "big")),
        (KIND, bytes((kind,))), (AGENT, agent.to_bytes(4, "big")), (PAYLOAD, packet.payload),
        *([(CORRELATION, correlation)] if correlation else []),
    ]
    size = HEADER + sum(CHUNK_HEADER + len(value) for _, value in chunks)
    if size > MAX_PACKET_OCTETS:
        return None
    body = b"".join(bytes(2) + code.to_bytes(2, "big") + (CHUNK_HEADER + len(value)).to_bytes(2, "big") + value
                    for code, value in chunks)
    return MARK + size.to_bytes(2, "big") + body


def parse(octets: bytes) -> Packet:
    """The packet; raises Malformed where a chunk does not fit, or an address, a port or the payload is missing."""
    if octets.startswith(OLD_MARKS):
        return _old(octets)
    if octets[:4] != MARK or len(octets) < HEADER:
        raise Malformed("HEP", 0, "no HEP3")
    chunks = dict(_chunks(octets[: int.from_bytes(octets[4:6], "big")]))
    src, dst = chunks.get(SRC, chunks.get(SRC6, b"")), chunks.get(DST, chunks.get(DST6, b""))
    if len(src) not in (4, 16) or len(src) != len(dst):
        raise Malformed("HEP", HEADER, "no addresses")
    payload = chunks.get(PAYLOAD) or _inflated(chunks.get(COMPRESSED_PAYLOAD, b""))
    if not payload:
        raise Malformed("HEP", HEADER, "no payload")
    number = {kind: int.from_bytes(chunks.get(kind, b"")[:4], "big") for kind in NUMBERS}
    time = number[SECONDS] * 1_000_000_000 + number[MICROSECONDS] % 1_000_000 * 1000
    agent = str(number[AGENT]) if AGENT in chunks else ""
    name = chunks.get(NODE, b"").decode("utf-8", "replace")[:MAX_NAME_LENGTH].strip("\0 ")
    agent = f"{agent} ({name})" if agent and name else agent or name
    return Packet(src, number[SPORT] & 0xFFFF, dst, number[DPORT] & 0xFFFF, number[PROTOCOL], time, payload, agent)


NUMBERS = (PROTOCOL, SPORT, DPORT, SECONDS, MICROSECONDS, AGENT)


def _old(octets: bytes) -> Packet:
    """A packet of version 1 or 2."""
    version, size, protocol = octets[0], ENDS[octets[2]], octets[3]
    begin = OLD_HEADER + 2 * size
    end = begin + (OLD_TIME if version == 2 else 0)
    if len(octets) <= end:
        raise Malformed("HEP", len(octets), "no payload")
    sport, dport = (int.from_bytes(octets[at : at + 2], "big") for at in (4, 6))
    src, dst = octets[OLD_HEADER : OLD_HEADER + size], octets[OLD_HEADER + size : begin]
    seconds, microseconds, agent = (int.from_bytes(octets[begin + at : begin + to], "little") for at, to in OLD_NUMBERS)
    time = seconds * 1_000_000_000 + microseconds % 1_000_000 * 1000 if version == 2 else 0
    return Packet(src, sport, dst, dport, protocol, time, octets[end:], str(agent) if version == 2 else "")


OLD_NUMBERS = ((0, 4), (4, 8), (8, 10))
"""Where seconds, microseconds and the number of the agent stand in the time of version 2."""


def _chunks(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The generic chunks by type."""
    at = HEADER
    while at + CHUNK_HEADER <= len(octets):
        vendor, kind, size = (int.from_bytes(octets[place : place + 2], "big") for place in (at, at + 2, at + 4))
        if size < CHUNK_HEADER or at + size > len(octets):
            raise Malformed("HEP", at, f"a chunk of {size} bytes, {len(octets) - at} are left")
        if vendor == GENERIC_VENDOR:
            yield kind, octets[at + CHUNK_HEADER : at + size]
        at += size


def _inflated(octets: bytes) -> bytes:
    """A compressed payload as it was, empty where it cannot be inflated or is too large."""
    inflating = zlib.decompressobj(ZLIB_OR_GZIP)
    try:
        payload = inflating.decompress(octets, MAX_PAYLOAD_OCTETS)
    except zlib.error:
        return b""
    return b"" if inflating.unconsumed_tail else payload
