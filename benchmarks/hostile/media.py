"""RTP and RTCP: streams without number, streams that are never steady, reports about everybody."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.hostile.frames import LARGE, Endpoint, host, udp
from benchmarks.hostile.messages import MEDIA_PORT

SAMPLES = 160
CONFIRMED = 4
"""Datagrams in sequence that make a stream for certain."""

SENDER, RECEIVER, DESCRIPTION, GOODBYE, EXTENDED = 200, 201, 202, 203, 207
VOIP_METRICS = 7
MOST_SOURCES = 31
"""How many report blocks, chunks or sources the five bits of a header can count."""

NEAR: Endpoint = (host(1), MEDIA_PORT)
FAR: Endpoint = (host(2), MEDIA_PORT)
SOUND = bytes(range(20))


def rtp(ssrc: int, sequence: int, timestamp: int | None = None, payload_type: int = 0, payload: bytes = SOUND) -> bytes:
    """An RTP datagram; its timestamp goes with its sequence number unless it is given."""
    stamp = SAMPLES * sequence if timestamp is None else timestamp
    return struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc) + payload


def rtcp(packet_type: int, count: int, body: bytes) -> bytes:
    """An RTCP packet; the body has whole words."""
    return struct.pack("!BBH", 0x80 | count, packet_type, len(body) // 4) + body


def streams_on_one_flow(size: int) -> Iterator[bytes]:
    """So many SSRCs take turns on one 5-tuple, four datagrams each: all are streams, and none is met twice in a row."""
    for sequence in range(CONFIRMED):
        for number in range(size):
            yield udp(NEAR, FAR, rtp(0x10000 + number, sequence))


def streams_on_own_flows(size: int) -> Iterator[bytes]:
    """So many SSRCs take turns, four datagrams each, every one on a 5-tuple of its own: as many flows as streams."""
    for sequence in range(CONFIRMED):
        for number in range(size):
            yield udp((host(number), MEDIA_PORT), FAR, rtp(0x10000 + number, sequence))


def ssrc_collisions(size: int) -> Iterator[bytes]:
    """So many flows that share sixteen SSRCs, a stream on each flow, and RTCP on every flow that reports its stream."""
    for sequence in range(CONFIRMED):
        for number in range(size):
            ssrc = 0x10000 + number % 16
            src = (host(number), MEDIA_PORT)
            yield udp(src, FAR, rtp(ssrc, 977 * number + sequence))
            if sequence == CONFIRMED - 1:
                yield udp(FAR, src, rtcp(RECEIVER, 1, struct.pack("!I", 7) + block(ssrc, number)))


def rtp_unsteady(size: int) -> Iterator[bytes]:
    """Three streams of so many datagrams together: numbers begin anew, payload types change, timestamps jump."""
    for number in range(size):
        turn, which = divmod(number, 3)
        steady = turn < 8
        if which == 0:
            payload = rtp(0x10000, turn if steady else 20_000 * (turn // 2) + turn % 2)
        elif which == 1:
            payload = rtp(0x20000, turn, payload_type=0 if steady else turn % 64)
        else:
            payload = rtp(0x30000, turn, SAMPLES * turn if steady else 0x40000000 * turn + 7 * turn * turn)
        yield udp(NEAR, FAR, payload)


def rtp_headers(size: int) -> Iterator[bytes]:
    """So many SSRCs that nothing confirms: lone datagrams with 15 sources and an extension, of 60 kB in each 16th."""
    sources = bytes(4 * 15)
    for number in range(size):
        words = LARGE // 4 if number % 16 == 15 else 8
        header = struct.pack("!BBHII", 0x9F, 0, number & 0xFFFF, 0, 0x10000 + number)
        extension = struct.pack("!HH", 0xBEDE, words) + b"\x10\xff\x20\xee" * words
        yield udp(NEAR, FAR, header + sources + extension + SOUND)


def block(ssrc: int, number: int) -> bytes:
    """A report block about a source."""
    return struct.pack("!IIIIII", ssrc, (number & 0xFF) << 24 | number & 0xFFFF, number & 0xFFFF, 20, number, 0)


def rtcp_compounds(size: int) -> Iterator[bytes]:
    """So many compounds of 60 kB about sources that all differ: report blocks, SDES chunks, goodbyes, VoIP metrics."""
    makers = (_reports, _descriptions, _goodbyes, _metrics)
    first = 0x10000
    for number in range(size):
        compound = rtcp(SENDER, 0, struct.pack("!IQIII", first, number << 32, 0, 0, 0))
        while len(compound) < LARGE:
            compound += makers[number % len(makers)](first)
            first = first + MOST_SOURCES & 0xFFFFFFFF
        yield udp(NEAR, FAR, compound)


def _sources(first: int) -> range:
    return range(first, first + MOST_SOURCES)


def _reports(first: int) -> bytes:
    blocks = [block(each, each) for each in _sources(first)]
    return rtcp(RECEIVER, MOST_SOURCES, struct.pack("!I", first) + b"".join(blocks))


def _descriptions(first: int) -> bytes:
    chunks = [struct.pack("!IBB", each, 1, 8) + f"{each:08x}".encode() + bytes(2) for each in _sources(first)]
    return rtcp(DESCRIPTION, MOST_SOURCES, b"".join(chunks))


def _goodbyes(first: int) -> bytes:
    return rtcp(GOODBYE, MOST_SOURCES, struct.pack(f"!{MOST_SOURCES}I", *_sources(first)) + b"\x0bgone always")


def _metrics(first: int) -> bytes:
    blocks = [struct.pack("!BBHI18xBB8x", VOIP_METRICS, 0, 8, each, 40, 41) for each in _sources(first)]
    return rtcp(EXTENDED, 0, struct.pack("!I", first) + b"".join(blocks))
