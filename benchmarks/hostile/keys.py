"""DTLS, ZRTP and QUIC: records without number, messages that never end, handshakes that nobody goes on with."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from benchmarks.hostile.frames import LARGE, Endpoint, host, udp
from benchmarks.hostile.messages import MEDIA_PORT

ALERT, HANDSHAKE, DTLS_1_2 = 21, 22, 0xFEFD
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 1, 2, 11
LONGEST = 0xFFFFFF
"""The most that a handshake message can claim to be long."""

FAR: Endpoint = (host(1, 192), MEDIA_PORT)
PIECES = 64
"""Fragments that a flow sends of a message that never ends."""

CHAIN, PIECE = 12_000, 200
"""Octets of a chain of certificates, and of each fragment of it."""

ZRTP, PREAMBLE = b"ZRTP", 0x505A
QUIC_1 = 1


def record(kind: int, sequence: int, content: bytes) -> bytes:
    """A DTLS record in the clear."""
    return struct.pack("!BHHHIH", kind, DTLS_1_2, 0, 0, sequence, len(content)) + content


def handshake(kind: int, whole: int, number: int, offset: int, octets: bytes) -> bytes:
    """A fragment, at an offset, of a handshake message of `whole` octets."""
    begin = struct.pack("!IH", kind << 24 | whole, number)
    return begin + offset.to_bytes(3, "big") + len(octets).to_bytes(3, "big") + octets


def hello(kind: int, number: int) -> bytes:
    """A ClientHello or a ServerHello that offers, or takes, one cipher suite."""
    suites = b"\xc0\x2b\0" if kind == SERVER_HELLO else b"\0\0\x02\xc0\x2b\x01\0"
    body = struct.pack("!HQQQQB", DTLS_1_2, number, 0, 0, 0, 0) + suites
    return handshake(kind, len(body), 0, 0, body)


def dtls_records(size: int) -> Iterator[bytes]:
    """So many datagrams of one 5-tuple with thousands of records: empty ones, alerts, and fragments of one octet."""
    contents = ((HANDSHAKE, b""), (ALERT, b"\1\0"), (HANDSHAKE, handshake(CERTIFICATE, LONGEST, 1, 0, b"x")))
    for number in range(size):
        kind, content = contents[number % len(contents)]
        records = LARGE // (13 + len(content))
        yield udp((host(0), MEDIA_PORT), FAR, b"".join(record(kind, each, content) for each in range(records)))


def dtls_fragments(size: int) -> Iterator[bytes]:
    """So many fragments of 60 kB of certificates that claim 16 MB and never end, 64 on each flow."""
    octets = bytes(LARGE)
    for number in range(size):
        flow, piece = divmod(number, PIECES)
        content = handshake(CERTIFICATE, LONGEST, 1, piece * LARGE, octets)
        yield udp((host(flow), MEDIA_PORT), FAR, record(HANDSHAKE, piece, content))


def dtls_certificates(size: int) -> Iterator[bytes]:
    """So many handshakes between ends of their own; their certificates come in small fragments, the last one first."""
    chance = random.Random(7)
    for number in range(size):
        near: Endpoint = (host(number), MEDIA_PORT)
        yield udp(near, FAR, record(HANDSHAKE, 0, hello(CLIENT_HELLO, number)))
        yield udp(FAR, near, record(HANDSHAKE, 0, hello(SERVER_HELLO, number)))
        certificate = chance.randbytes(CHAIN - 6)
        chain = (CHAIN - 3).to_bytes(3, "big") + len(certificate).to_bytes(3, "big") + certificate
        for offset in reversed(range(0, CHAIN, PIECE)):
            content = handshake(CERTIFICATE, CHAIN, 1, offset, chain[offset : offset + PIECE])
            yield udp(FAR, near, record(HANDSHAKE, 1 + offset // PIECE, content))


def zrtp_and_quic(size: int) -> Iterator[bytes]:
    """So many flows that begin with a ZRTP message or a QUIC packet, every hundredth one of 60 kB, and say no more."""
    for number in range(size):
        octets = LARGE if number % 100 < 2 else 120
        if number % 2:
            words = (octets - 16) // 4
            begin = struct.pack("!BBH4sIHH8s", 0x10, 0, number & 0xFFFF, ZRTP, number, PREAMBLE, words, b"Hello   ")
            payload = begin + bytes(4 * words - 12 + 4)
        else:
            payload = struct.pack("!BIBQBQ", 0xC0, QUIC_1, 8, number, 8, number) + bytes(octets)
        yield udp((host(number), MEDIA_PORT), FAR, payload)
