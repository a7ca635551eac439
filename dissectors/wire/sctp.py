"""SCTP within DTLS (RFC 8261): chunks of data, and the messages that open data channels (RFC 8832)."""
from __future__ import annotations

from collections.abc import Iterator

from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

HEADER, CHUNK_HEADER, DATA_HEADER = 12, 4, 16
DATA, INTERLEAVED = 0, 64
INTERLEAVED_HEADER = 20
"""Chunks of data, and those of messages that are sent at the same time (RFC 8260)."""

END, BEGIN, UNORDERED = 0x01, 0x02, 0x04
CONTROL = 50
"""The identifier of the payload protocol of messages that open data channels."""

OPEN, ACKNOWLEDGE = 3, 2
OPEN_OCTETS = 12
MAX_TEXT_OCTETS = 255

RELIABILITY = {0: "reliable", 1: "retransmissions", 2: "milliseconds"}
UNORDERED_CHANNEL = 0x80


class Data(Struct, frozen=True):
    """One chunk of data: its number, the stream, the payload protocol, and whether a message begins or ends with it.

    Of an interleaved message only the first chunk has the payload protocol; it is 0 in the others.
    """

    number: int
    stream: int
    protocol: int
    begins: bool
    ends: bool
    octets: bytes


class Opening(Struct, frozen=True):
    """What opens a data channel; `reliability` is `reliable`, or what `limit` counts at most."""

    label: str
    protocol: str
    ordered: bool
    reliability: str
    limit: int


def chunks(packet: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and value of each chunk of a packet; raises Malformed where one does not fit."""
    if len(packet) < HEADER:
        raise Malformed("SCTP", 0, f"a packet needs {HEADER} bytes, {len(packet)} are here")
    at = HEADER
    while at < len(packet):
        size = int.from_bytes(packet[at + 2 : at + CHUNK_HEADER], "big")
        if size < CHUNK_HEADER or at + size > len(packet):
            raise Malformed("SCTP", at, f"a chunk needs {size} bytes, {len(packet) - at} are left")
        yield packet[at], packet[at + 1], packet[at + CHUNK_HEADER : at + size]
        at += size + -size % 4


def data(packet: bytes) -> list[Data]:
    """The chunks of data in a packet."""
    found = []
    for kind, flags, value in chunks(packet):
        if kind == DATA and len(value) >= DATA_HEADER - CHUNK_HEADER:
            number, stream = int.from_bytes(value[:4], "big"), int.from_bytes(value[4:6], "big")
            protocol = int.from_bytes(value[8:12], "big")
            found.append(Data(number, stream, protocol, bool(flags & BEGIN), bool(flags & END), value[12:]))
        elif kind == INTERLEAVED and len(value) >= INTERLEAVED_HEADER - CHUNK_HEADER:
            number, stream = int.from_bytes(value[:4], "big"), int.from_bytes(value[4:6], "big")
            protocol = int.from_bytes(value[12:16], "big") if flags & BEGIN else 0
            found.append(Data(number, stream, protocol, bool(flags & BEGIN), bool(flags & END), value[16:]))
    return found


def opening(octets: bytes) -> Opening | None:
    """What opens a data channel, None for other messages; raises Malformed where it does not fit."""
    if octets[:1] != bytes((OPEN,)):
        return None
    if len(octets) < OPEN_OCTETS:
        raise Malformed("SCTP", len(octets), f"an opening of a channel needs {OPEN_OCTETS} bytes")
    label, protocol = int.from_bytes(octets[8:10], "big"), int.from_bytes(octets[10:12], "big")
    end = OPEN_OCTETS + label
    if end + protocol > len(octets):
        raise Malformed("SCTP", OPEN_OCTETS, "the names of a channel do not fit")
    kind = octets[1]
    return Opening(
        _text(octets[OPEN_OCTETS:end]), _text(octets[end : end + protocol]), not kind & UNORDERED_CHANNEL,
        RELIABILITY.get(kind & ~UNORDERED_CHANNEL, "unknown"), int.from_bytes(octets[4:8], "big"),
    )


def _text(octets: bytes) -> str:
    return octets[:MAX_TEXT_OCTETS].decode("utf-8", "replace")
