"""Frames, records and messages made for tests: addresses and ports by letter, times in milliseconds."""
from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cache
from ipaddress import ip_address

from dissectors.engine.engine import Engine
from dissectors.engine.trackers import CAPACITY, Capacity
from dissectors.mux.entry import Entry
from dissectors.mux.scan import Scanner
from dissectors.mux.table import PROTOCOLS
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from dissectors.wire.inflate import LIMITS, Limits

A, B = ("192.0.2.1", 16402), ("192.0.2.2", 16402)
ETHERNET = 1
COOKIE = b"\x21\x12\xa4\x42"

Endpoint = tuple[str, int]
Sent = tuple[Endpoint, Endpoint, bytes]


@cache
def packed(address: str) -> bytes:
    """The octets of an address."""
    return ip_address(address).packed


def frame(src: Endpoint, dst: Endpoint, payload: bytes) -> bytes:
    """An Ethernet frame with one UDP datagram over IPv4 or IPv6."""
    udp = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0) + payload
    addresses = packed(src[0]) + packed(dst[0])
    if len(addresses) == 32:
        return bytes(12) + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + addresses + udp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses
    return bytes(12) + b"\x08\x00" + ip + udp


def numbered(src: Endpoint, dst: Endpoint, payload: bytes, identification: int) -> bytes:
    """Such a frame over IPv4 with an identification, which the copies of a packet share."""
    octets = frame(src, dst, payload)
    return octets[:18] + identification.to_bytes(2, "big") + octets[20:]


def records(sent: Iterable[Sent], every: int = 20) -> list[tuple[int, Record]]:
    """Records of one capture, a datagram each, `every` milliseconds apart."""
    made = []
    for number, (src, dst, payload) in enumerate(sent):
        octets = frame(src, dst, payload)
        made.append((0, Record(number + 1, number * every * 1_000_000, ETHERNET, octets, len(octets))))
    return made


def settled(sent: Iterable[Sent], forced: dict[int, str] | None = None) -> list[Entry]:
    """Every entry of a scan, in the order of its verdicts."""
    scanner = Scanner(forced=forced)
    batches = [*scanner.scan(records(sent)), scanner.finish()]
    return [entry for batch in batches for entry in batch.entries]


def protocols(sent: Sequence[Sent], forced: dict[int, str] | None = None) -> list[str]:
    """The final protocol of each datagram, in the order of the capture."""
    found = {entry.number: PROTOCOLS[entry.protocol] for entry in settled(sent, forced) if entry.number >= 0}
    return [found[number] for number in range(len(sent))]


def report(
    sent: Iterable[Sent], every: int = 20, size: int = 4096, limits: Limits = LIMITS, capacity: Capacity = CAPACITY
) -> Report:
    """The report on a capture, scanned in batches of `size` datagrams."""
    scanner, engine = Scanner(), Engine(limits, capacity=capacity)
    for batch in scanner.scan(records(sent, every), size):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


def report_of(frames: Iterable[tuple[int, bytes]]) -> Report:
    """The report on frames of Ethernet, each with its time in nanoseconds."""
    scanner, engine = Scanner(), Engine(LIMITS)
    made = [(0, Record(n, time, ETHERNET, octets, len(octets))) for n, (time, octets) in enumerate(frames, 1)]
    for batch in scanner.scan(made):
        engine.feed(batch)
    engine.feed(scanner.finish(engine.announced()))
    return engine.report(scanner, ())


def rtp(sequence: int, ssrc: int = 0x11223344, payload_type: int = 104, timestamp: int | None = None) -> bytes:
    """An RTP datagram of 60 octets of payload; the timestamp steps by 480 with the sequence unless given."""
    stamp = 480 * sequence if timestamp is None else timestamp
    return struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc) + bytes(60)


def stun(type_: int = 0x0001, transaction: bytes = b"abcdefghijkl", attributes: bytes = b"") -> bytes:
    """A STUN message with the magic cookie."""
    return struct.pack("!HH", type_, len(attributes)) + COOKIE + transaction + attributes


def channel_data(data: bytes, channel: int = 0x4000) -> bytes:
    """TURN ChannelData."""
    return struct.pack("!HH", channel, len(data)) + data


def rtcp(ssrc: int = 0x11223344, packet_type: int = 201) -> bytes:
    """An empty receiver report, or another packet of the same shape."""
    return struct.pack("!BBHI", 0x80, packet_type, 1, ssrc)


def srtcp(ssrc: int = 0x11223344) -> bytes:
    """A sender report whose inside, index and tag are encrypted."""
    return struct.pack("!BBHI", 0x80, 200, 6, ssrc) + b"\x9d" * 34


def sip(start_line: str, *headers: str, body: bytes = b"") -> bytes:
    """A SIP message with Content-Length."""
    lines = [start_line, *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
