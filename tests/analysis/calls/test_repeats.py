"""What makes two packets with the same message one, captured twice."""

from __future__ import annotations

import socket

import pytest

from dissectors.analysis.calls.carried import Carried
from dissectors.analysis.calls.repeats import AGAIN, COPY, FIRST, PACKET_BITS, Repeats
from dissectors.limits.budget import Bounds
from dissectors.protocols.sip import parse
from dissectors.report import Message
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.hep import Packet, build
from tests.made import A, B, frame, numbered, report_of
from tests.signalling import INVITE, says

MILLISECOND = 1_000_000
FLOW = Flow("192.0.2.2", 5060, "192.0.2.1", 5060)
VLAN = b"\x81\x00\x00\x07"
OUTER = ("10.1.0.1", 2152), ("10.1.0.2", 2152)


def messages(*frames: tuple[float, bytes]) -> tuple[Message, ...]:
    """The messages of the one call in these frames, each at so many milliseconds."""
    (call,) = report_of([(int(time * MILLISECOND), octets) for time, octets in frames]).calls
    return call.messages


def copies(*frames: tuple[float, bytes]) -> list[bool]:
    return [each.copy for each in messages(*frames)]


@pytest.mark.parametrize("apart", [0, 5.2, 49, 150])
def test_one_packet_within_milliseconds_is_a_copy(apart: float) -> None:
    first, second = messages((0, numbered(A, B, INVITE, 7)), (apart, numbered(A, B, INVITE, 7)))
    assert (first.copy, first.retransmission, second.copy, second.retransmission) == (False, False, True, True)


@pytest.mark.parametrize("apart", [500, 1000])
def test_one_number_after_half_a_second_is_no_copy(apart: float) -> None:
    assert copies((0, numbered(A, B, INVITE, 7)), (apart, numbered(A, B, INVITE, 7))) == [False, False]


def test_another_number_is_another_packet() -> None:
    assert copies((0, numbered(A, B, INVITE, 7)), (8, numbered(A, B, INVITE, 8))) == [False, False]


@pytest.mark.parametrize(("apart", "copy"), [(0, True), (40, True), (100, False), (500, False)])
def test_without_a_number_the_time_decides(apart: float, copy: bool) -> None:
    assert copies((0, numbered(A, B, INVITE, 0)), (apart, numbered(A, B, INVITE, 0))) == [False, copy]


def test_a_copy_is_seen_behind_a_vlan_tag_and_in_a_tunnel() -> None:
    plain = numbered(A, B, INVITE, 7)
    tagged = plain[:12] + VLAN + plain[12:]
    tunnelled = frame(*OUTER, b"\x30\xff" + (len(plain) - 14).to_bytes(2, "big") + bytes(4) + plain[14:])
    assert copies((0, tagged), (1, plain), (3, tunnelled)) == [False, True, True]


def test_what_is_sent_again_and_copied_is_sent_again_once() -> None:
    first, second = numbered(A, B, INVITE, 7), numbered(A, B, INVITE, 8)
    assert copies((0, first), (2, first), (500, second), (502, second)) == [False, True, False, True]


def test_a_copy_may_bear_an_earlier_time() -> None:
    assert copies((0, b""), (10, numbered(A, B, INVITE, 7)), (9, numbered(A, B, INVITE, 7))) == [False, True]


def test_other_octets_are_no_copy() -> None:
    longer = INVITE.replace(b"CSeq:", b"X-Hop: 2\r\nCSeq:")
    assert copies((0, numbered(A, B, INVITE, 7)), (2, numbered(A, B, longer, 7))) == [False, False]


def test_over_ipv6_the_time_decides() -> None:
    ends = ("2001:db8::1", 5060), ("2001:db8::2", 5060)
    assert copies((0, frame(*ends, INVITE)), (20, frame(*ends, INVITE)), (500, frame(*ends, INVITE))) == [
        False, True, False,
    ]


def seen_by_an_agent(time: int) -> bytes:
    """What an agent of HEP saw of the INVITE, at so many nanoseconds."""
    seen = Packet(socket.inet_aton(A[0]), A[1], socket.inet_aton(B[0]), B[1], 17, time, INVITE, "")
    octets = build(seen, 1, 2001)
    assert octets is not None
    return frame(("192.0.2.9", 9000), ("192.0.2.10", 9060), octets)


@pytest.mark.parametrize(("apart", "copy"), [(2, True), (45, True), (600, False)])
def test_what_an_agent_saw_of_a_packet_is_a_copy_of_it_and_no_capture_that_is_doubled(apart: int, copy: bool) -> None:
    frames = [(1000, numbered(A, B, INVITE, 7)), (1003, seen_by_an_agent((1000 + apart) * MILLISECOND))]
    made = report_of([(int(time * MILLISECOND), octets) for time, octets in frames])
    assert [each.copy for each in made.calls[0].messages] == [False, copy]
    assert [seen.name for seen in made.capture.agents] == ["2001"]


def test_three_messages_that_an_agent_saw_too_make_no_doubled_capture() -> None:
    def told(copy: bytes) -> set[str]:
        frames = [(1000 * n, octets) for n in range(1, 5) for octets in (numbered(A, B, INVITE, n), copy)]
        made = report_of([(time * MILLISECOND + number, octets) for number, (time, octets) in enumerate(frames)])
        return {found.id for found in made.findings}

    assert "capture-doubled" not in told(seen_by_an_agent(0))
    assert "capture-doubled" in told(numbered(A, B, INVITE, 0))


@pytest.mark.parametrize("limit", [8, 17, 100])
def test_each_of_many_messages_is_known_again(limit: int) -> None:
    bounds = Bounds()
    repeats = Repeats(limit, bounds)
    sent = [says(180, number, B"") for number in range(60)]
    kinds = []
    for time in (1, 2):
        for number, octets in enumerate(sent):
            message = parse(octets)
            datagram = Datagram(0, number + 1, 0, time * 1_000 * MILLISECOND, FLOW, octets, len(octets), number + 1)
            kinds.append(repeats.see(Carried(datagram, message)))
    known = min(limit, 60)
    assert kinds == [FIRST] * 60 + [AGAIN] * known + [FIRST] * (60 - known)
    assert bounds.hits["messages to recognise"] == 2 * (60 - known)
    message = parse(sent[0])
    copy = Datagram(0, 200, 0, 2_001 * MILLISECOND, FLOW, sent[0], len(sent[0]), 1)
    assert repeats.see(Carried(copy, message)) is COPY


def test_what_only_looks_like_a_message_is_none() -> None:
    repeats = Repeats(100, Bounds())
    assert repeats._among_few(7, 11, 13) is None
    assert repeats._among_few(11, 13, 7) is None and repeats._among_few(13, 7, 11) is None
    assert repeats._among_few(11 << 8, 1, 2) is None
    # These share the mark of 7.
    assert [repeats._among_few(key, 3, 5) for key in (71, -57, 71)] == [None, None, 3 << PACKET_BITS | 5]
    assert [repeats._among_few(key, 17, 19) for key in (7, 11, 13)] == [
        11 << PACKET_BITS | 13, 13 << PACKET_BITS | 7, 7 << PACKET_BITS | 11,
    ]
    assert repeats._among_few(7, 23, 29) == 17 << PACKET_BITS | 19
