"""Everything that RFC 7983 and RFC 9443 know of, and SIP, between two sockets; then what nobody knows.

One end is a client, the other a server that answers as everything at once: only so do all of them share a 5-tuple.
"""
from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator

from pcaps.messages import (
    attribute,
    channel_data,
    dtls,
    handshake,
    hello_extension,
    one_byte_extension,
    protected,
    quic_initial,
    rtcp,
    rtp,
    sip,
    source_description,
    stun,
    vector,
    xor_address,
    zrtp,
)
from pcaps.writer import SECOND, Endpoint, Sent

START = 1_700_000_000 * SECOND
CLIENT, SERVER = Endpoint("192.0.2.10", 40_000), Endpoint("198.51.100.20", 40_000)
PEER = Endpoint("203.0.113.30", 5_004)
CHANNEL = 0x4001
CLIENT_SSRC, SERVER_SSRC, RELAYED_SSRC, PEER_SSRC = 0x1DECADE5, 0x2BADCAFE, 0x3C0FFEE5, 0x4B1D5EED
OPUS, OPUS_SAMPLES, STEP = 111, 960, 20_000
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"

Said = tuple[str, bool, bytes]
"""Class, whether the client sends it, octets."""


def one_port() -> list[Sent]:
    """The capture: one story after the other, a datagram every 20 ms."""
    chance = random.Random("rfc7983")
    stories = (ice, keepalives, signalling, media, feedback, zrtp_hellos, dtls_handshake, secured, relay, quic, junk)
    said = [line for story in stories for line in story(chance)]
    return [
        Sent(
            START + number * STEP + int(2_000 * chance.random()),
            CLIENT if by_client else SERVER,
            SERVER if by_client else CLIENT,
            payload,
            truth,
        )
        for number, (truth, by_client, payload) in enumerate(said)
    ]


def ice(chance: random.Random) -> Iterator[Said]:
    """A connectivity check of RFC 8445 with integrity and fingerprint, and a classic one of RFC 3489."""
    transaction = chance.randbytes(12)
    request = stun(
        0x0001,
        transaction,
        attribute(0x0006, b"EvtjGy0Q:h6vY"),
        attribute(0x0024, struct.pack(">I", 0x6E7F1EFF)),
        attribute(0x802A, chance.randbytes(8)),
        attribute(0x0025, b""),
    )
    yield "STUN", True, protected(request, PASSWORD)
    yield "STUN", False, protected(stun(0x0101, transaction, xor_address(0x0020, CLIENT)), PASSWORD)
    yield "STUN", True, protected(stun(0x0011, chance.randbytes(12)), PASSWORD)
    old = chance.randbytes(16)
    mapped = attribute(0x0001, struct.pack(">BBH", 0, 1, CLIENT.port) + socket.inet_aton(CLIENT.address))
    yield "STUN", True, struct.pack(">HH", 0x0001, 8) + old + attribute(0x0003, bytes(4))
    yield "STUN", False, struct.pack(">HH", 0x0101, len(mapped)) + old + mapped


def keepalives(_: random.Random) -> Iterator[Said]:
    """CR LF twice and its answer (RFC 5626 section 3.5.1), a NUL, nothing at all (RFC 6263 section 4.1)."""
    yield "KEEPALIVE", True, b"\r\n\r\n"
    yield "KEEPALIVE", False, b"\r\n"
    yield "KEEPALIVE", True, b"\0"
    yield "KEEPALIVE", True, b"\0\0\0\0"
    yield "KEEPALIVE", True, b""


def signalling(_: random.Random) -> Iterator[Said]:
    """Requests with their answers: first letters from both ranges that SIP shares with others."""
    for sequence, (method, status) in enumerate((
        ("OPTIONS", "200 OK"),
        ("REGISTER", "200 OK"),
        ("BYE", "481 Call/Transaction Does Not Exist"),
    ), 1):
        repeated = [
            f"Via: SIP/2.0/UDP {CLIENT};branch=z9hG4bK74b{sequence}",
            "From: <sip:client@192.0.2.10>;tag=9fxced76sl",
            "To: <sip:server@198.51.100.20>",
            "Call-ID: 3848276298220188511@192.0.2.10",
            f"CSeq: {sequence} {method}",
        ]
        request = [*repeated, "Max-Forwards: 70", f"Contact: <sip:client@{CLIENT}>", "Content-Length: 0"]
        answered = [f"{line};tag=314159" if line.startswith("To:") else line for line in repeated]
        yield "SIP", True, sip(f"{method} sip:server@{SERVER} SIP/2.0", request)
        yield "SIP", False, sip(f"SIP/2.0 {status}", [*answered, "Content-Length: 0"])


def dtls_handshake(chance: random.Random) -> Iterator[Said]:
    """A DTLS 1.2 handshake that offers SRTP, as far as it is in the clear, then what it looks like from outside."""
    cookie = chance.randbytes(20)
    client_random = chance.randbytes(32)
    yield "DTLS", True, dtls(22, 0, 0, handshake(1, 0, client_hello(client_random, b"")), 0xFEFF)
    yield "DTLS", False, dtls(22, 0, 0, handshake(3, 0, b"\xfe\xff" + vector(1, cookie)), 0xFEFF)
    yield "DTLS", True, dtls(22, 0, 1, handshake(1, 1, client_hello(client_random, cookie)))
    extensions = hello_extension(14, vector(2, b"\x00\x07") + b"\0") + hello_extension(23, b"")
    hello = b"\xfe\xfd" + chance.randbytes(32) + vector(1, b"") + b"\xc0\x2b\x00" + vector(2, extensions)
    yield "DTLS", False, dtls(22, 0, 1, handshake(2, 1, hello)) + dtls(22, 0, 2, handshake(14, 2, b""))
    for by_client in (True, False):
        finished = dtls(22, 1, 0, chance.randbytes(40))
        yield "DTLS", by_client, dtls(20, 0, 3, b"\x01") + finished
    yield "DTLS", True, dtls(23, 1, 1, chance.randbytes(61))
    yield "DTLS", False, dtls(21, 1, 1, chance.randbytes(26))


def client_hello(chosen: bytes, cookie: bytes) -> bytes:
    """A ClientHello of DTLS 1.2 with use_srtp (RFC 5764 section 4.1.1)."""
    extensions = (
        hello_extension(10, vector(2, b"\x00\x1d\x00\x17")),
        hello_extension(11, vector(1, b"\x00")),
        hello_extension(13, vector(2, b"\x04\x03\x08\x04\x04\x01")),
        hello_extension(14, vector(2, b"\x00\x07\x00\x01") + b"\0"),
        hello_extension(23, b""),
        hello_extension(0xFF01, b"\0"),
    )
    suites = vector(2, b"\xc0\x2b\xc0\x2f\xc0\x0a")
    identity = chosen + vector(1, b"") + vector(1, cookie)
    return b"\xfe\xfd" + identity + suites + b"\x01\x00" + vector(2, b"".join(extensions))


def zrtp_hellos(chance: random.Random) -> Iterator[Said]:
    """Hello and HelloACK (RFC 6189 sections 5.2 and 5.3)."""
    body = b"1.10" + b"one port client ".ljust(16) + chance.randbytes(32) + chance.randbytes(12) + bytes(4)
    yield "ZRTP", True, zrtp(1, CLIENT_SSRC, "Hello", body + chance.randbytes(8))
    yield "ZRTP", False, zrtp(7, SERVER_SSRC, "HelloACK", b"")


def media(chance: random.Random) -> Iterator[Said]:
    """RTP both ways, with an audio level (RFC 6464) in a one-byte extension from the client, and RTCP."""
    for number in range(10):
        level = one_byte_extension({1: bytes([0x80 | 30 + number])})
        ours = rtp(OPUS, 500 + number, 48_000 + number * OPUS_SAMPLES, CLIENT_SSRC, chance.randbytes(70 + number),
                   marker=number == 0, extension=level)
        theirs = rtp(OPUS, 9_000 + number, 7_000 + number * OPUS_SAMPLES, SERVER_SSRC, chance.randbytes(80 - number))
        yield "RTP", True, ours
        yield "RTP", False, theirs
    info = struct.pack(">IQIII", CLIENT_SSRC, 0xE8FE_EA80_8000_0000, 57_600, 10, 745)
    block = struct.pack(">IIIIII", SERVER_SSRC, 0, 9_009, 12, 0, 0)
    yield "RTCP", True, rtcp(200, 1, info + block) + source_description(CLIENT_SSRC, "one@port.example")
    receiver = rtcp(201, 0, struct.pack(">I", SERVER_SSRC))
    yield "RTCP", False, receiver + source_description(SERVER_SSRC, "the@port.example")


def feedback(_: random.Random) -> Iterator[Said]:
    """Generic NACK, PLI, REMB, an extended report with the receiver's reference time, a goodbye."""
    pair = struct.pack(">II", CLIENT_SSRC, SERVER_SSRC)
    receiver = rtcp(201, 0, pair[:4])
    yield "RTCP", True, receiver + rtcp(205, 1, pair + struct.pack(">HH", 9_003, 0x0005))
    yield "RTCP", True, receiver + rtcp(206, 1, pair)
    yield "RTCP", True, rtcp(206, 15, pair[:4] + bytes(4) + b"REMB" + b"\x01\x0b\xd0\x90" + pair[4:])
    yield "RTCP", True, rtcp(207, 0, pair[:4] + struct.pack(">BBHQ", 4, 0, 2, 0xE8FE_EA80_9000_0000))
    yield "RTCP", False, rtcp(201, 0, pair[4:]) + rtcp(203, 1, pair[4:])


def secured(chance: random.Random) -> Iterator[Said]:
    """SRTCP (RFC 3711 section 3.4): a header in the clear, chance, the index with its E bit, a tag of 80 bits."""
    for index in range(3):
        content = struct.pack(">I", CLIENT_SSRC) + chance.randbytes(48)
        yield "RTCP", True, rtcp(201, 0, content) + struct.pack(">I", 1 << 31 | index) + chance.randbytes(10)


def relay(chance: random.Random) -> Iterator[Said]:
    """TURN (RFC 8656): a binding of a channel, a check through Send and Data, RTP in indications and in ChannelData."""
    for request, success, asked, granted in (
        (0x0003, 0x0103, [attribute(0x0019, b"\x11\0\0\0")],
         [xor_address(0x0016, Endpoint("198.51.100.20", 49_160)), attribute(0x000D, struct.pack(">I", 600))]),
        (0x0008, 0x0108, [xor_address(0x0012, PEER)], []),
        (0x0009, 0x0109, [attribute(0x000C, struct.pack(">HH", CHANNEL, 0)), xor_address(0x0012, PEER)], []),
    ):
        transaction = chance.randbytes(12)
        yield "STUN", True, stun(request, transaction, *asked)
        yield "STUN", False, stun(success, transaction, *granted)
    inner = chance.randbytes(12)
    check = protected(stun(0x0001, inner, attribute(0x0006, b"peer:us")), PASSWORD)
    answer = protected(stun(0x0101, inner, xor_address(0x0020, PEER)), PASSWORD)
    yield "STUN", True, carried(chance, 0x0016, check)
    yield "STUN", False, carried(chance, 0x0017, answer)
    for number in range(4):
        voice = rtp(0, 100 + number, 160 * number, PEER_SSRC, chance.randbytes(160))
        yield "STUN", False, carried(chance, 0x0017, voice)
    for number in range(6):
        voice = rtp(0, 700 + number, 160 * number, RELAYED_SSRC, chance.randbytes(160))
        yield "TURN", True, channel_data(CHANNEL, voice)


def carried(chance: random.Random, kind: int, data: bytes) -> bytes:
    """A Send (0x0016) or Data (0x0017) indication with the peer's address."""
    return stun(kind, chance.randbytes(12), xor_address(0x0012, PEER), attribute(0x0013, data))


def quic(chance: random.Random) -> Iterator[Said]:
    """An Initial each way, padded to 1200 octets; what is under its protection is chance."""
    ours, theirs = chance.randbytes(8), chance.randbytes(8)
    yield "QUIC", True, quic_initial(ours, b"", chance.randbytes(1200 - 17))
    yield "QUIC", False, quic_initial(b"", theirs, chance.randbytes(1200 - 17))


def junk(chance: random.Random) -> Iterator[Said]:
    """What is none of them: unassigned first octets, headers that do not fit, another protocol, chance."""
    yield "UNKNOWN", True, b"\x05" + chance.randbytes(30)
    yield "UNKNOWN", False, b"\xff" * 40
    yield "UNKNOWN", True, b"\x80" + bytes([OPUS]) + chance.randbytes(6)
    yield "UNKNOWN", False, b"\x8f" + bytes([OPUS]) + chance.randbytes(24)
    yield "UNKNOWN", True, b'{"version": 2}'
    yield "UNKNOWN", False, b"OK"
    yield "UNKNOWN", True, b"\x00\x01\x00\x40" + chance.randbytes(20)
    yield "UNKNOWN", False, b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00" + chance.randbytes(8)
