"""Calls without number, and calls in which too much is said."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Iterator

from benchmarks.hostile.frames import LARGE, host, udp
from benchmarks.hostile.media import CONFIRMED, FAR, rtp
from benchmarks.hostile.messages import MEDIA_PORT, OK, SDP, SIP_PORT, Call, between_hosts, through_server

HUNG_UP = 2
"""The sequence number of BYE."""

TALKERS = 5
"""Calls that share a flood of INFO."""


def _answered(call: Call) -> Iterator[bytes]:
    yield call.invite()
    yield call.answer("180 Ringing", "INVITE")
    yield call.answer(OK, "INVITE", more=[SDP], body=call.accept())
    yield call.ask("ACK")


def _talk(call: Call) -> Iterator[bytes]:
    for sequence in range(CONFIRMED):
        yield udp(call.caller, call.callee, rtp(0x10000 + 2 * call.number, sequence))
        yield udp(call.callee, call.caller, rtp(0x10001 + 2 * call.number, sequence))


def _hung_up(call: Call) -> Iterator[bytes]:
    yield call.ask("BYE", HUNG_UP)
    yield call.answer(OK, "BYE", HUNG_UP)


def calls_complete(size: int) -> Iterator[bytes]:
    """So many calls one after the other, each with two streams, each between hosts of its own, and all end well."""
    for number in range(size):
        call = between_hosts(number)
        yield from _answered(call)
        yield from _talk(call)
        yield from _hung_up(call)


def calls_open(size: int) -> Iterator[bytes]:
    """So many calls that are answered and never end: nothing may be let go."""
    for number in range(size):
        call = between_hosts(number)
        yield from _answered(call)
        yield from _talk(call)


def calls_invited(size: int) -> Iterator[bytes]:
    """So many INVITEs, each with its own Call-ID and from its own host: nobody answers, and all of them wait."""
    for number in range(size):
        yield through_server(number).invite()


def calls_rejected(size: int) -> Iterator[bytes]:
    """So many calls that are refused: each is something that went wrong, so each may be told one by one."""
    for number in range(size):
        call = through_server(number)
        yield call.invite()
        yield call.answer("486 Busy Here", "INVITE")
        yield call.ask("ACK")


def transactions(size: int) -> Iterator[bytes]:
    """So many REGISTER, OPTIONS, SUBSCRIBE and MESSAGE in turns, each with its own Call-ID and answer."""
    methods = ("REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE")
    answers = (OK, OK, "202 Accepted", "404 Not Found")
    for number in range(size):
        call, which = through_server(number), number % len(methods)
        yield call.ask(methods[which], more=["Expires: 60", "Event: presence"], tag="")
        yield call.answer(answers[which], methods[which])


def calls_among_streams(size: int) -> Iterator[bytes]:
    """So many streams of no call, and then as many calls that end: each is looked for among all of the streams."""
    for sequence in range(CONFIRMED):
        for number in range(size):
            yield udp((host(number, 11), MEDIA_PORT), FAR, rtp(0x80000000 + number, sequence))
    for number in range(size):
        call = between_hosts(number)
        yield from _answered(call)
        yield from _hung_up(call)


def reinvites(size: int) -> Iterator[bytes]:
    """So many re-INVITEs in one call, each with another description, answered and acknowledged."""
    call = between_hosts(0)
    yield from _answered(call)
    yield from _talk(call)
    for number in range(2, size + 2):
        direction = "a=sendonly" if number % 2 else "a=sendrecv"
        yield call.ask("INVITE", number, [SDP], call.offer(number, direction))
        yield call.answer(OK, "INVITE", number, [SDP], call.accept(number, direction))
        yield call.ask("ACK", number)


def reinvites_wide(size: int) -> Iterator[bytes]:
    """So many SSRCs in a call of as many media lines, none of which they go to: 4,000 in 63 re-INVITEs of 63 lines."""
    call, many = between_hosts(0), math.isqrt(size)
    yield from _answered(call)
    for number in range(2, many + 2):
        direction = "a=sendonly" if number % 2 else "a=sendrecv"
        lines = [line for each in range(many) for line in (f"m=audio {20_000 + 2 * each} RTP/AVP 0", direction)]
        yield call.ask("INVITE", number, [SDP], call.offer(number, *lines))
        yield call.answer(OK, "INVITE", number, [SDP], call.accept(number, *lines))
        yield call.ask("ACK", number)
    far = (call.callee[0], SIP_PORT)
    for sequence in range(CONFIRMED):
        for number in range(size):
            yield udp(call.caller, call.callee if number % 2 else far, rtp(0x10000 + number, sequence))


def forks(size: int) -> Iterator[bytes]:
    """One INVITE that so many callees ring for and answer, each with a tag of its own, as a forking proxy lets them."""
    call = through_server(0)
    yield call.invite()
    for number in range(size):
        yield call.answer("180 Ringing", "INVITE", tag=f"r{number:x}")
        yield call.answer(OK, "INVITE", more=[SDP], body=call.accept(number), tag=f"r{number:x}")
        yield call.ask("ACK", tag=f"r{number:x}")


def retransmissions(size: int) -> Iterator[bytes]:
    """One INVITE and its 200 OK, each sent so many times."""
    call = between_hosts(0)
    invite, accepted = call.invite(), call.answer(OK, "INVITE", more=[SDP], body=call.accept())
    for _ in range(size):
        yield invite
        yield accepted


def info_bodies(size: int) -> Iterator[bytes]:
    """So many INFO in five calls, each with 60 kB of text that no other one has: 4,200 of them are 250 MB."""
    chance = random.Random(7)
    calls = [between_hosts(number) for number in range(TALKERS)]
    for call in calls:
        yield from _answered(call)
    for number in range(size):
        text = base64.b64encode(chance.randbytes(LARGE * 3 // 4 - 1000))
        yield calls[number % TALKERS].ask("INFO", number + 2, ["Content-Type: text/plain"], text)
