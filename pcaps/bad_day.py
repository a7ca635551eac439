"""Eight calls of an office on one bad afternoon: one is good, and each of the others goes wrong in its own way.

The phones are at 198.51.100.10 and 198.51.100.11; everything goes through the server at 203.0.113.5.
"""
from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from pcaps.messages import rtp, sip
from pcaps.writer import SECOND, Endpoint, Sent

START = 1_772_460_170 * SECOND
"""2026-03-02 14:02:50 UTC."""

MILLISECOND = 1_000
PHONE, OTHER, SERVER = (Endpoint(host, 5060) for host in ("198.51.100.10", "198.51.100.11", "203.0.113.5"))
PCMU_SAMPLES, PACKET = 160, 20 * MILLISECOND
TALK_PACKETS = 250
DOMAIN = "example.net"


class Line(NamedTuple):
    """One message: milliseconds into the call, whether the phone sends it, its start line, its CSeq, more headers."""

    time: int
    from_phone: bool
    start: str
    cseq: str
    headers: tuple[str, ...] = ()
    body: bytes = b""


def bad_day() -> list[Sent]:
    """The capture: a call every fifteen seconds."""
    chance = random.Random("bad day")
    calls = (good, lossy, one_way, busy, unknown, refused, no_codec, cancelled)
    return [sent for number, call in enumerate(calls) for sent in call(number, START + 15 * number * SECOND, chance)]


def good(number: int, start: int, chance: random.Random) -> Iterator[Sent]:
    """Answered, talked for five seconds, hung up."""
    yield from answered(number, start, "alice", "bob", PHONE)
    yield from talk(number, start, PHONE, chance, (True, False))


def lossy(number: int, start: int, chance: random.Random) -> Iterator[Sent]:
    """What the server sends to the phone loses packets in runs."""
    yield from answered(number, start, "alice", "carol", PHONE)
    lost = {n for begin in (40, 90, 130, 180, 210) for n in range(begin, begin + 4)}
    yield from talk(number, start, PHONE, chance, (True, False), lost)


def one_way(number: int, start: int, chance: random.Random) -> Iterator[Sent]:
    """Only the phone sends media."""
    yield from answered(number, start, "dave", "bob", OTHER)
    yield from talk(number, start, OTHER, chance, (True,))


def busy(number: int, start: int, _: random.Random) -> Iterator[Sent]:
    """486."""
    yield from failed(number, start, "alice", "erin", "486 Busy Here")


def unknown(number: int, start: int, _: random.Random) -> Iterator[Sent]:
    """404."""
    yield from failed(number, start, "alice", "frank", "404 Not Found")


def refused(number: int, start: int, _: random.Random) -> Iterator[Sent]:
    """A challenge, and a password that is not right."""
    challenge = 'Proxy-Authenticate: Digest realm="example.net", nonce="4f2a"'
    answer = (
        'Proxy-Authorization: Digest username="grace", realm="example.net", nonce="4f2a", '
        'uri="sip:bob@example.net", response="00112233445566778899aabbccddeeff"'
    )
    lines = (
        Line(0, True, invite("bob"), "1 INVITE", (), offer(number, OTHER)),
        Line(20, False, "SIP/2.0 407 Proxy Authentication Required", "1 INVITE", (challenge,)),
        Line(25, True, f"ACK sip:bob@{DOMAIN} SIP/2.0", "1 ACK"),
        Line(30, True, invite("bob"), "2 INVITE", (answer,), offer(number, OTHER)),
        Line(60, False, "SIP/2.0 403 Forbidden", "2 INVITE"),
        Line(65, True, f"ACK sip:bob@{DOMAIN} SIP/2.0", "2 ACK"),
    )
    yield from signalled(number, start, "grace", "bob", OTHER, lines)


def no_codec(number: int, start: int, _: random.Random) -> Iterator[Sent]:
    """488: none of the codecs will do."""
    warning = 'Warning: 304 example.net "Media type not available"'
    yield from failed(number, start, "alice", "heidi", "488 Not Acceptable Here", warning)


def cancelled(number: int, start: int, _: random.Random) -> Iterator[Sent]:
    """The caller hangs up while it rings."""
    lines = (
        Line(0, True, invite("ivan"), "1 INVITE", (), offer(number, PHONE)),
        Line(20, False, "SIP/2.0 100 Trying", "1 INVITE"),
        Line(300, False, "SIP/2.0 180 Ringing", "1 INVITE"),
        Line(6000, True, f"CANCEL sip:ivan@{DOMAIN} SIP/2.0", "1 CANCEL"),
        Line(6020, False, "SIP/2.0 200 OK", "1 CANCEL"),
        Line(6030, False, "SIP/2.0 487 Request Terminated", "1 INVITE"),
        Line(6035, True, f"ACK sip:ivan@{DOMAIN} SIP/2.0", "1 ACK"),
    )
    yield from signalled(number, start, "alice", "ivan", PHONE, lines)


def invite(callee: str) -> str:
    """The start line of an INVITE."""
    return f"INVITE sip:{callee}@{DOMAIN} SIP/2.0"


def failed(number: int, start: int, caller: str, callee: str, status: str, *headers: str) -> Iterator[Sent]:
    """A call that is refused."""
    lines = (
        Line(0, True, invite(callee), "1 INVITE", (), offer(number, PHONE)),
        Line(20, False, "SIP/2.0 100 Trying", "1 INVITE"),
        Line(180, False, f"SIP/2.0 {status}", "1 INVITE", headers),
        Line(185, True, f"ACK sip:{callee}@{DOMAIN} SIP/2.0", "1 ACK"),
    )
    yield from signalled(number, start, caller, callee, PHONE, lines)


def answered(number: int, start: int, caller: str, callee: str, phone: Endpoint) -> Iterator[Sent]:
    """A call that is answered after two seconds, and hung up by the caller five seconds later."""
    lines = (
        Line(0, True, invite(callee), "1 INVITE", (), offer(number, phone)),
        Line(20, False, "SIP/2.0 100 Trying", "1 INVITE"),
        Line(250, False, "SIP/2.0 180 Ringing", "1 INVITE"),
        Line(2000, False, "SIP/2.0 200 OK", "1 INVITE", (), offer(number, SERVER)),
        Line(2030, True, f"ACK sip:{callee}@{DOMAIN} SIP/2.0", "1 ACK"),
        Line(7100, True, f"BYE sip:{callee}@{DOMAIN} SIP/2.0", "2 BYE"),
        Line(7120, False, "SIP/2.0 200 OK", "2 BYE"),
    )
    yield from signalled(number, start, caller, callee, phone, lines)


def signalled(
    number: int, start: int, caller: str, callee: str, phone: Endpoint, lines: tuple[Line, ...]
) -> Iterator[Sent]:
    """The messages of one call; a response has the headers of its request."""
    for line in lines:
        sequence, method = line.cseq.split()
        to_tag = f";tag=s{number}" if not line.from_phone and " 100 " not in line.start or method == "BYE" else ""
        headers = [
            f"Via: SIP/2.0/UDP {phone};branch=z9hG4bK{number}.{sequence}{'b' if method == 'BYE' else ''}",
            f"From: <sip:{caller}@{DOMAIN}>;tag=p{number}", f"To: <sip:{callee}@{DOMAIN}>{to_tag}",
            f"Call-ID: day{number + 1}-{caller}@{phone.address}", f"CSeq: {line.cseq}",
            *(["Max-Forwards: 70"] if line.from_phone else []), *line.headers,
            *([f"Contact: <sip:{phone if line.from_phone else SERVER}>"] if line.body else []),
            *(["Content-Type: application/sdp"] if line.body else []), f"Content-Length: {len(line.body)}",
        ]
        ends = (phone, SERVER) if line.from_phone else (SERVER, phone)
        yield Sent(start + line.time * MILLISECOND, *ends, sip(line.start, headers, line.body), "SIP")


def offer(number: int, end: Endpoint) -> bytes:
    """The description of one end."""
    lines = (
        "v=0", f"o=- {number + 1} 1 IN IP4 {end.address}", "s=-", f"c=IN IP4 {end.address}", "t=0 0",
        f"m=audio {port(number)} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def port(number: int) -> int:
    """The port of a call's media, the same on both ends."""
    return 20_000 + 2 * number


def talk(
    number: int, start: int, phone: Endpoint, chance: random.Random, ways: tuple[bool, ...],
    lost: frozenset[int] | set[int] = frozenset(),
) -> Iterator[Sent]:
    """Five seconds of PCMU each way; `lost` are packets to the phone that never come."""
    here, there = Endpoint(phone.address, port(number)), Endpoint(SERVER.address, port(number))
    for outward in ways:
        ssrc = 0xA0000000 + 2 * number + outward
        for n in range(TALK_PACKETS):
            late = chance.randrange(0, 3 * MILLISECOND)
            payload = rtp(0, 100 + n, PCMU_SAMPLES * n, ssrc, chance.randbytes(PCMU_SAMPLES), marker=n == 0)
            ends = (here, there) if outward else (there, here)
            if outward or n not in lost:
                yield Sent(start + 2040 * MILLISECOND + n * PACKET + late, *ends, payload, "RTP")
