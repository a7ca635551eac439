"""Whose a frame is: by Call-ID, by SSRC and flow, by source, and only then by ends."""

from __future__ import annotations

import struct

from dissectors.queries.frames import Belonging, belonging, sources_of
from dissectors.queries.owned import owned
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from tests import tcp_frames
from tests.made import ETHERNET, Endpoint, frame
from tests.stories import (
    GOOD,
    A,
    B,
    C,
    asked,
    description,
    message,
    receiver_report,
    report,
    request,
    response,
    sender_report,
    talk,
)
from tests.tcp_frames import SECOND_NS

PROXY = ("203.0.113.9", 5060)


def parts(story: list[tuple[float, Endpoint, Endpoint, bytes]]) -> tuple[Report, list[tuple[int, Record]]]:
    """The report on a story, and its records."""
    ordered = sorted(story, key=lambda one: one[0])
    made = [(time, frame(src, dst, payload)) for time, src, dst, payload in ordered]
    return report(story), [
        (0, Record(number, int(time * 1e6), ETHERNET, octets, len(octets))) for number, (time, octets) in
        enumerate(made, 1)
    ]


def each_call(story: list[tuple[float, Endpoint, Endpoint, bytes]]) -> tuple[Report, Belonging, int]:
    """The belonging of every frame, a group for each call, and how many frames there are."""
    told, records = parts(story)
    return told, belonging(records, [owned(told, [n]) for n in range(len(told.calls))]), len(records)


def second_call(at: float) -> list[tuple[float, Endpoint, Endpoint, bytes]]:
    """Another call between the same two ends, with other sources."""
    return [
        request(at, "INVITE", body=description(), call="two"),
        response(at + 100, 200, "OK", body=description(*B), call="two"),
        request(at + 110, "ACK", tag="2", call="two"),
        *talk(ssrc=901, start=at + 200, seconds=1), *talk(B, A, 902, start=at + 200, seconds=1),
        request(at + 2000, "BYE", number=2, tag="2", call="two"),
        response(at + 2010, 200, "OK", "BYE", number=2, call="two"),
    ]


def test_all_of_a_call_is_its_own_and_what_is_foreign_is_not() -> None:
    foreign = [(500.0, ("192.0.2.77", 53), ("192.0.2.78", 4000), b"\x12\x34 a name"), (600.0, C, PROXY, b"\r\n\r\n")]
    told, found, frames = each_call([*GOOD, *foreign])
    assert len(told.calls) == 1 and found.frames == [frames - 2] and found.shared == [0]


def test_rtcp_and_stun_of_a_call_go_with_it() -> None:
    story = [*GOOD, sender_report(5000), receiver_report(5100, 77), *asked(900)]
    _, found, frames = each_call(story)
    assert found.frames == [frames]


def test_calls_on_the_same_ports_are_told_apart_by_call_id_source_and_time() -> None:
    story = [*GOOD, *asked(900), *second_call(60_000), *asked(60_050)]
    told, found, frames = each_call(story)
    assert [call.call_id for call in told.calls] == ["one", "two"]
    assert sum(found.frames) == frames and found.shared == [0, 0]
    assert found.frames[1] == len(second_call(0)) + len(asked(0))


def test_what_two_calls_share_at_one_moment_is_kept_for_both_and_counted() -> None:
    story = [*GOOD, *second_call(3000), *asked(3500)]
    _, found, frames = each_call(story)
    stun = len(asked(0))
    assert found.shared == [stun, stun] and sum(found.frames) == frames + stun


def test_fragments_go_with_the_datagram_that_they_make() -> None:
    octets = frame(A, B, message("INVITE sip:b@x SIP/2.0", 1, "INVITE", body=b"x" * 900))
    ip, payload = octets[14:34], octets[34:]
    cut = [octets[:14] + _fragment(ip, payload[:800], 0, True), octets[:14] + _fragment(ip, payload[800:], 800, False)]
    told = report([], raw=cut)
    records = [(0, Record(n, n * SECOND_NS, ETHERNET, each, len(each))) for n, each in enumerate(cut, 1)]
    found = belonging(records, [owned(told, [0])])
    assert [found.of(0, 1), found.of(0, 2)] == [(0,), (0,)] and found.frames == [2]


def _fragment(ip: bytes, payload: bytes, offset: int, more: bool) -> bytes:
    flags = offset // 8 | (0x2000 if more else 0)
    return ip[:2] + struct.pack("!HHH", 20 + len(payload), 7, flags) + ip[8:] + payload


def test_segments_of_two_calls_on_one_connection_are_told_apart() -> None:
    one, two = (message("INVITE sip:b@x SIP/2.0", 1, "INVITE", call=name) for name in "12")
    sent = [(tcp_frames.A, one + two[:100]), (tcp_frames.A, two[100:])]
    records = tcp_frames.records(tcp_frames.conversation(sent, size=10_000))
    told = tcp_frames.report(records)
    found = belonging(records, [owned(told, [0]), owned(told, [1])])
    # SYN and its answer; the end of the first and the begin of the second; the rest of the second.
    assert [found.of(0, number) for number in range(1, 5)] == [(0, 1), (0, 1), (0, 1), (1,)]


def test_the_sources_of_rtcp_are_those_it_is_from_and_about() -> None:
    assert [*sources_of(sender_report(0, 77)[3])][0] == 77
    assert [*sources_of(receiver_report(0, 77, own=78)[3])] == [78, 77]
    assert [*sources_of(b"\x80\xc8\0")] == []
