"""Short calls as telephone systems make them: seven SIP messages, plain SDP, and media on ports of their own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Literal

from benchmarks.hostile.frames import BEGIN, Endpoint, host, udp, written
from benchmarks.hostile.media import rtp
from benchmarks.hostile.messages import SIP_PORT, message

TICK = 20_000
"""Microseconds between two packets of a stream, and between the beginnings of two calls."""

PACKETS = 50
"""Of each stream."""

PASSED_ON = 200
"""Microseconds that a proxy takes for a message."""

FIRST_PORT, PORTS = 10_000, 25_000
"""The ports of media are even, and so many."""

ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER"
SUPPORTED = "Supported: timer, 100rel, replaces"
CALLER, CALLEE = "User-Agent: Example PBX 18.20.0", "Server: Example Switch/1.10.9"
FORMATS = ("rtpmap:0 PCMU/8000", "rtpmap:8 PCMA/8000", "rtpmap:101 telephone-event/8000", "fmtp:101 0-15")
SOUND = bytes(160)

Timed = Iterator[tuple[int, bytes]]

Course = Literal["usual", "early", "refused"]
"""How a call goes: it rings and is answered, it is heard half a second before that (183), or it is refused (486)."""

USUAL: Course = "usual"
EARLY: Course = "early"
REFUSED: Course = "refused"


@dataclass(frozen=True, slots=True)
class Ends:
    """From where to where a call signals, perhaps through a proxy, and where its sides want media, caller first."""

    caller: Endpoint
    callee: Endpoint
    near: Endpoint
    far: Endpoint
    proxy: Endpoint | None = None


def between_phones(number: int) -> Ends:
    """Two phones that have no other call, each with its signalling and its media."""
    near, far, port = host(2 * number, 11), host(2 * number + 1, 11), _port(number)
    return Ends((near, SIP_PORT), (far, SIP_PORT), (near, port), (far, port + 2))


def through_proxy(number: int) -> Ends:
    """Two such phones, with a proxy between them that is captured on both of its sides."""
    return replace(between_phones(number), proxy=(host(2), SIP_PORT))


def through_server(number: int) -> Ends:
    """A phone that calls through a server, whose media are on a host beside it."""
    phone, port = host(number, 11), _port(number)
    return Ends((phone, SIP_PORT), (host(2), SIP_PORT), (phone, port), (host(4), port))


def on_a_trunk(number: int) -> Ends:
    """A call between two servers, on whose 5-tuple all of them signal; the media are on two hosts beside them."""
    port = _port(number)
    return Ends((host(1), SIP_PORT), (host(2), SIP_PORT), (host(3), port), (host(4), port))


def _port(number: int) -> int:
    return FIRST_PORT + 2 * (number % PORTS)


def calls(size: int, ends: Callable[[int], Ends], course: Course = USUAL) -> Timed:
    """So many calls with 100 packets each, if they are answered, fifty new ones a second."""
    chance = random.Random(5)
    return in_turn(size, lambda number, start: _call(number, start, ends(number), chance, course))


def in_turn(size: int, call: Callable[[int, int], list[tuple[int, bytes]]]) -> Timed:
    """The frames of so many calls in order, of which one begins every 20 milliseconds."""
    waiting: list[tuple[int, bytes]] = []
    for number in range(size):
        start = BEGIN + number * TICK
        waiting.sort(key=itemgetter(0))
        ready = next((place for place, (when, _) in enumerate(waiting) if when >= start), len(waiting))
        yield from waiting[:ready]
        del waiting[:ready]
        waiting += call(number, start)
    yield from sorted(waiting, key=itemgetter(0))


def _call(
    number: int, start: int, ends: Ends, chance: random.Random, course: Course
) -> list[tuple[int, bytes]]:
    sent = [each for told in _signalled(number, ends, chance, course) for each in _captured(ends, *told)]
    for src, dst, late in ((ends.near, ends.far, 0), (ends.far, ends.near, 300)) if course != REFUSED else ():
        ssrc, sequence, timestamp = chance.getrandbits(32), chance.getrandbits(15), chance.getrandbits(31)
        for tick in range(PACKETS):
            payload = rtp(ssrc, sequence + tick, timestamp + 160 * tick, 0, SOUND)
            sent.append((10_000 + tick * TICK + late, udp(src, dst, payload)))
    return [(start + time, frame) for time, frame in sent]


def _captured(ends: Ends, time: int, forth: bool, octets: bytes) -> Timed:
    """The frames of a message: one for each side of a proxy, of which the second is nearer to its receiver."""
    proxy = ends.proxy or ends.callee
    hops = [(ends.caller, proxy, octets)]
    if ends.proxy is not None:
        hops.append((proxy, ends.callee, _passed_on(octets, proxy)))
    for place, (near, far, told) in enumerate(hops if forth else reversed(hops)):
        yield time + place * PASSED_ON, udp(near, far, told) if forth else udp(far, near, told)


def _passed_on(octets: bytes, proxy: Endpoint) -> bytes:
    """A message as it is behind a proxy that stays in its path."""
    before, _, behind = octets.partition(b"branch=z9hG4bK")
    via = f"Via: SIP/2.0/UDP {written(proxy[0])}:{proxy[1]};branch=z9hG4bKp".encode() + behind.partition(b";")[0]
    start, _, line = before.partition(b"\r\n")
    told = b"".join((start, b"\r\n", via, b"\r\n", line, b"branch=z9hG4bK", behind))
    return told.replace(b"Max-Forwards: 70", b"Max-Forwards: 69")


def _signalled(number: int, ends: Ends, chance: random.Random, course: Course) -> list[tuple[int, bool, bytes]]:
    """The messages of a call, with their times from its beginning; those of the caller go forth."""
    here, there = written(ends.caller[0]), written(ends.callee[0])
    caller, callee = f"+4989{number:07d}", f"+4930{number:07d}"
    call_id, tag, answered = f"{chance.getrandbits(64):016x}@{here}", f"{number:x}a", f";tag={number:x}b"
    asked, went_on = f"sip:{callee}@{there}:{SIP_PORT}", "Max-Forwards: 70"
    at_caller, at_callee = f"Contact: <sip:{caller}@{here}:5060>", f"Contact: <sip:{callee}@{there}:5060>"

    def sent(first: str, cseq: str, to: str, *more: str, body: bytes = b"", branch: str = "") -> bytes:
        described = ["Content-Type: application/sdp"] if body else []
        branch = branch or cseq.replace(" ", "")
        fields = [
            f"Via: SIP/2.0/UDP {here}:{SIP_PORT};branch=z9hG4bK{number:x}-{branch};rport",
            f'From: "User {number}" <sip:{caller}@{here}>;tag={tag}', f"To: <sip:{callee}@{there}>{to}",
            f"Call-ID: {call_id}", f"CSeq: {cseq}", *more, *described,
        ]
        return message(first, fields, body)

    def forth(method: str, cseq: str, to: str, *more: str, body: bytes = b"", branch: str = "") -> tuple[bool, bytes]:
        return True, sent(f"{method} {asked} SIP/2.0", cseq, to, went_on, *more, CALLER, body=body, branch=branch)

    def back(status: str, cseq: str, to: str, *more: str, body: bytes = b"") -> tuple[bool, bytes]:
        return False, sent(f"SIP/2.0 {status}", cseq, to, *more, CALLEE, body=body)

    offer, answer = _description(ends.near, chance), _description(ends.far, chance)
    opening = [
        (0, *forth("INVITE", "1 INVITE", "", at_caller, ALLOW, SUPPORTED, body=offer)),
        (500, *back("100 Trying", "1 INVITE", "")),
    ]
    if course == REFUSED:
        return [
            *opening, (3_000, *back("486 Busy Here", "1 INVITE", answered)),
            (4_000, *forth("ACK", "1 ACK", answered, branch="1INVITE")),
        ]
    early = course == EARLY
    accepted, status = (506_000, "183 Session Progress") if early else (6_000, "180 Ringing")
    return [
        *opening, (3_000, *back(status, "1 INVITE", answered, at_callee, body=answer if early else b"")),
        (accepted, *back("200 OK", "1 INVITE", answered, at_callee, ALLOW, body=answer)),
        (accepted + 1_000, *forth("ACK", "1 ACK", answered, at_caller)),
        (1_100_000, *forth("BYE", "2 BYE", answered)),
        (1_101_000, *back("200 OK", "2 BYE", answered)),
    ]


def _description(media: Endpoint, chance: random.Random) -> bytes:
    """SDP of one line of sound in three formats."""
    address = written(media[0])
    lines = [
        "v=0", f"o=- {chance.randrange(10**9)} 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0",
        f"m=audio {media[1]} RTP/AVP 0 8 101", *[f"a={each}" for each in FORMATS], "a=ptime:20", "a=sendrecv", "",
    ]
    return "\r\n".join(lines).encode()
