"""What one connection says: its messages whole, one after the other, over WebSocket, behind holes and nonsense."""

from __future__ import annotations

import zlib

import pytest

from dissectors.limits.budget import Bounds
from dissectors.mux.connection import ACKNOWLEDGED_HOLE_TIMEOUT_NS, FIRST_LOOK_OCTETS, HOLE_TIMEOUT_NS
from dissectors.mux.connections import IDLE_SEGMENTS, MAX_SNIFFED_SEGMENTS, Connections
from dissectors.wire.tcp import ACK, FIN, RST, SYN, Direction
from tests import made
from tests.mux.test_connections import BEHIND, MS, OK, messages, take
from tests.mux.test_framings import OPTIONS, framed
from tests.tcp_frames import FIRST, A, B, Endpoint, conversation, payloads, segment
from tests.wire.test_proxied import LINE, OCTETS
from tests.wire.test_websocket import REQUEST, SWITCHED, squeezed
from tests.wire.test_websocket import framed as ws


def test_several_messages_in_a_segment_and_one_over_many() -> None:
    assert messages(conversation([(A, OPTIONS * 3), (B, OK)])) == [OPTIONS] * 3 + [OK]
    assert messages(conversation([(A, OPTIONS * 2), (B, OK)], size=7)) == [OPTIONS] * 2 + [OK]


def test_a_message_belongs_to_the_segment_that_came_last() -> None:
    found = take(Connections(Bounds()), conversation([(A, OPTIONS * 2)], size=100))
    assert [(whole.origin.frame, whole.layer) for whole in found] == [
        (2 + -(-len(OPTIONS) // 100), 0), (2 + -(-2 * len(OPTIONS) // 100), 0),
    ]
    both = take(Connections(Bounds()), conversation([(A, OPTIONS * 2)]))
    assert [(whole.origin.frame, whole.layer) for whole in both] == [(3, 0), (3, 1)]


def test_cr_and_lf_that_keep_a_connection_alive_are_no_message() -> None:
    sent = [(A, b"\r\n\r\n"), (A, OPTIONS), (B, b"\r\n"), (B, b"\r\n" + OK), (A, b"\r\n\r\n")]
    assert messages(conversation(sent)) == [OPTIONS, OK]


def test_stun_channel_data_and_datagrams_behind_their_length() -> None:
    binding, data = made.stun(), made.channel_data(b"hello") + bytes(3)
    assert messages(conversation([(A, binding + data), (B, data)], size=5)) == [binding, data, data]
    assert messages(conversation([(A, framed(binding, b"\x16\xfe\xff")), (B, framed(b"x", b""))])) == [
        binding, b"\x16\xfe\xff", b"x",
    ]
    run = [made.rtp(number) for number in range(4)]
    assert messages(conversation([(A, framed(*run))], size=50)) == run


def websocket_call() -> list[tuple[Endpoint, bytes]]:
    """An upgrade, then SIP both ways, one message compressed, and what is no signalling."""
    packed = squeezed(zlib.compressobj(wbits=-15), OK)
    return [
        (A, REQUEST), (B, SWITCHED), (A, ws(OPTIONS, key=b"abcd")), (B, ws(packed, 0xC1)), (A, ws(b"{}", key=b"efgh")),
        (A, ws(b"\r\n\r\n", key=b"abcd")), (B, ws(OK[:9], 0x01) + ws(OK[9:], 0x80)),
    ]


@pytest.mark.parametrize("size", [7, 90, 1400])
def test_sip_over_websocket_is_read_and_nothing_else_of_it(size: int) -> None:
    found = take(Connections(Bounds()), conversation(websocket_call(), size=size))
    assert payloads(found) == [OPTIONS, OK, OK] and {whole.key.transport for whole in found} == {"ws"}


def test_websocket_goes_on_behind_a_hole() -> None:
    segments = conversation([*websocket_call(), (B, ws(OK)), (B, ws(OK))])
    connections = Connections(Bounds())
    found = [*take(connections, [*segments[:5], *segments[6:]]), *connections.finish()]
    assert payloads(found) == [OPTIONS, OK, OK, OK] and len(connections.damage) == 1


def test_an_octet_that_keeps_a_connection_alive_is_no_beginning() -> None:
    alive = segment(A, B, BEHIND - 1, b"\0")
    assert messages([alive, segment(A, B, BEHIND, OPTIONS)]) == [OPTIONS]


@pytest.mark.parametrize(
    ("acknowledged", "after", "told"),
    [(True, ACKNOWLEDGED_HOLE_TIMEOUT_NS, True), (True, 0, False), (False, HOLE_TIMEOUT_NS, True),
     (False, ACKNOWLEDGED_HOLE_TIMEOUT_NS, False)],
)
def test_a_hole_is_sure_after_a_while_and_sooner_once_it_is_acknowledged(
    acknowledged: bool, after: int, told: bool
) -> None:
    connections = Connections(Bounds())
    first, lost, third = conversation([(A, OPTIONS), (A, OK), (A, OPTIONS)])[2:]
    take(connections, [*conversation([]), first, third])
    reached = third.sequence + len(OPTIONS) if acknowledged else lost.sequence
    late = connections.take(segment(B, A, FIRST + 78, b"", ACK, reached), 0, 9, 5 * MS + after)
    assert payloads(late) == ([OPTIONS] if told else [])
    (damage,) = connections.damage.values() if told else [None]
    assert damage is None or (damage.holes, damage.missing, damage.places) == (1, len(OK), [(0, 4)])


def test_a_hole_loses_the_message_that_it_cuts_and_no_other() -> None:
    segments = conversation([(A, OPTIONS + OK + OPTIONS + OPTIONS)], size=60)
    del segments[2 + (len(OPTIONS) + 120) // 60]
    connections = Connections(Bounds())
    found = [*take(connections, segments), *connections.finish()]
    assert [whole.payload for whole in found if whole.length == len(whole.payload)] == [OPTIONS] * 3
    (cut,) = [whole for whole in found if whole.length > len(whole.payload)]
    assert OK.startswith(cut.payload) and cut.length == len(OK)


def test_a_segment_that_the_capture_cut_leaves_a_message_that_is_cut() -> None:
    opened = conversation([])
    cut = segment(A, B, BEHIND, OK, cut=20)
    connections = Connections(Bounds())
    found = take(connections, [*opened, cut, segment(A, B, BEHIND + len(OK), OPTIONS)])
    assert [(whole.payload, whole.length) for whole in found] == [(OK[:-20], len(OK)), (OPTIONS, len(OPTIONS))]


def test_a_reset_tells_what_waited() -> None:
    segments = conversation([(A, OK), (A, OPTIONS)])
    reset = segment(A, B, BEHIND, b"", RST | ACK)
    connections = Connections(Bounds())
    assert payloads(take(connections, [*segments[:2], segments[3], reset])) == [OPTIONS]


def test_octets_that_are_no_message_are_passed_over() -> None:
    assert messages(conversation([(A, OPTIONS), (A, b"nonsense\r\n" * 9 + OK)], size=33)) == [OPTIONS, OK]
    assert not messages(conversation([(A, b"{" * 40 + OPTIONS)]))


@pytest.mark.parametrize("message", [OPTIONS, made.stun(1)], ids=["SIP", "STUN"])
def test_many_messages_at_once_are_not_copied_again_for_each(message: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, peek = [], Direction.peek
    monkeypatch.setattr(Direction, "peek", lambda *asked: copied.append(peek(*asked)) or copied[-1])
    many = max(2, 60_000 // len(message))
    assert messages(conversation([(A, message), (A, message * many)], size=40_000)) == [message] * (many + 1)
    assert max(map(len, copied[2:])) <= 2 * FIRST_LOOK_OCTETS


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_start_line_that_comes_in_two_segments_begins_one_message(cut: int) -> None:
    """Though the rest of a method is one, too, and the body comes later."""
    one = made.sip("OPTIONS sip:b@example.com SIP/2.0", "Via: SIP/2.0/TCP a", "Call-ID: 2", body=b"x" * 20)
    sent = [OPTIONS, one[:cut], one[cut : len(one) - 9], one[len(one) - 9 :], OPTIONS]
    assert messages(conversation([(A, part) for part in sent])) == [OPTIONS, one, OPTIONS]


@pytest.mark.parametrize("size", [1, 1400, 1 << 16])
def test_a_message_with_a_head_longer_than_the_first_look_is_whole_however_it_comes(size: int) -> None:
    long = made.sip("OPTIONS sip:a SIP/2.0", "Call-ID: 1", f"Subject: {'x' * 5 * FIRST_LOOK_OCTETS}", body=b"x" * 9000)
    assert messages(conversation([(A, OPTIONS + long + OPTIONS)], size=size)) == [OPTIONS, long, OPTIONS]


LONG = OPTIONS.replace(b"Content-Length: 5", b"Content-Length: 900")
WITH_VIA = made.sip("OPTIONS sip:b SIP/2.0", "Via: SIP/2.0/TCP a", "Call-ID: 2")


@pytest.mark.parametrize("length", [b"", b"Content-Length: 0\r\n", b"Content-Length: 3\r\n"])
def test_what_follows_a_message_in_its_segment_and_begins_none_is_of_its_body(length: bytes) -> None:
    odd = OPTIONS.replace(b"Content-Length: 5\r\n", length)
    assert messages(conversation([(A, odd), (A, OPTIONS)])) == [odd, OPTIONS]


@pytest.mark.parametrize("behind", [b"\r\n\r\n", b"\0", OK[:9], OPTIONS[:3], b"\r\n" + OK[:60]])
def test_what_begins_a_message_or_keeps_alive_is_of_no_body(behind: bytes) -> None:
    segments = conversation([(A, OPTIONS + behind)])
    assert payloads(take(Connections(Bounds()), segments)) == [OPTIONS]


def test_a_message_that_is_not_finished_ends_where_the_next_begins_in_a_segment() -> None:
    found = take(Connections(Bounds()), conversation([(A, LONG), (A, WITH_VIA), (A, OPTIONS)]))
    assert [(whole.payload, whole.length, whole.origin.frame) for whole in found] == [
        (LONG, len(LONG), 3), (WITH_VIA, len(WITH_VIA), 4), (OPTIONS, len(OPTIONS), 5),
    ]


@pytest.mark.parametrize("more", [1, 2, 5, 37, len(WITH_VIA) - 1, len(WITH_VIA), len(WITH_VIA) + 1])
def test_a_message_that_says_a_little_too_much_takes_nothing_of_the_next(more: int) -> None:
    odd = OPTIONS.replace(b"Content-Length: 5", b"Content-Length: %d" % (5 + more))
    sent = [(A, OPTIONS), (A, odd), (A, WITH_VIA), (A, OPTIONS)]
    assert messages(conversation(sent)) == [OPTIONS, odd, WITH_VIA, OPTIONS]


def test_a_message_that_says_far_too_much_ends_so_too() -> None:
    far = OPTIONS.replace(b"Content-Length: 5", b"Content-Length: 2000000")
    assert messages(conversation([(A, far), (A, b"x" * 900), (A, WITH_VIA), (A, OPTIONS)])) == [WITH_VIA, OPTIONS]


def test_sip_within_the_body_of_sip_ends_no_message() -> None:
    inner = WITH_VIA * 2
    head = b"NOTIFY sip:b SIP/2.0\r\nContent-Type: message/sipfrag\r\nContent-Length: %d\r\n\r\n" % len(inner)
    assert messages(conversation([(A, head), (A, WITH_VIA), (A, WITH_VIA)])) == [head + inner]


@pytest.mark.parametrize("flags", [FIN | ACK, RST, RST | ACK])
@pytest.mark.parametrize("message", [LONG, OPTIONS.replace(b"Content-Length: 5", b"Content-Length: 6")])
def test_a_message_that_is_not_finished_ends_with_its_connection(message: bytes, flags: int) -> None:
    closed = segment(A, B, BEHIND + len(message), b"", flags)
    (whole,) = take(Connections(Bounds()), [*conversation([(A, message)]), closed])
    assert (whole.payload, whole.length) == (message, len(message))


@pytest.mark.parametrize("more", [1, 900])
def test_a_message_that_is_not_finished_is_told_at_the_end(more: int) -> None:
    message = OPTIONS.replace(b"Content-Length: 5", b"Content-Length: %d" % (5 + more))
    kept = Connections(Bounds())
    assert not take(kept, conversation([(A, message)])) and payloads(kept.finish()) == [message]


def test_an_ack_amid_a_body_ends_no_message() -> None:
    one, two = OPTIONS[:-3], OPTIONS[-3:]
    segments = conversation([(A, one), (A, two)])
    acknowledges = segment(A, B, BEHIND + len(one), b"", ACK)
    assert payloads(take(Connections(Bounds()), [*segments[:-1], acknowledges, segments[-1]])) == [OPTIONS]


def test_every_message_is_there_of_segments_that_the_capture_cut() -> None:
    sent = [OPTIONS, OK, OPTIONS, OK]
    segments, at = conversation([]), BEHIND
    for each in sent:
        segments.append(segment(A, B, at, each, cut=len(each) - 40))
        at += len(each)
    found = take(Connections(Bounds()), segments)
    assert [(whole.payload, whole.length) for whole in found] == [(each[:40], len(each)) for each in sent]


def test_octets_in_a_syn_are_read() -> None:
    early = segment(A, B, FIRST, OPTIONS, SYN)
    assert messages([early, early, segment(A, B, BEHIND + len(OPTIONS), OK)]) == [OPTIONS, OK]


def test_a_syn_that_comes_late_ends_nothing() -> None:
    segments = conversation([(A, OPTIONS), (A, OK)])
    assert messages([segments[2], *segments[:2], segments[3]]) == [OPTIONS, OK]


@pytest.mark.parametrize("size", [3, 1400])
@pytest.mark.parametrize("header", [LINE, OCTETS], ids=["version 1", "version 2"])
def test_the_header_of_a_load_balancer_is_passed_over(header: bytes, size: int) -> None:
    assert messages(conversation([(A, header + OPTIONS), (B, OK)], size=size)) == [OPTIONS, OK]
    assert messages(conversation([(A, header), (A, OPTIONS), (B, OK)], size=size)) == [OPTIONS, OK]


@pytest.mark.parametrize("size", [5, 1400])
def test_what_goes_through_a_proxy_of_http_is_read_once_the_tunnel_is_granted(size: int) -> None:
    asked, granted = b"CONNECT sip.example.com:5061 HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
    assert messages(conversation([(A, asked), (B, granted), (A, OPTIONS), (B, OK)], size=size)) == [OPTIONS, OK]
    refused = conversation([(A, asked), (B, b"HTTP/1.1 403 Forbidden\r\n\r\n"), (A, OPTIONS)], size=size)
    assert not messages(refused)


TOO_MUCH = b"x" * ((1 << 20) + 1)
CHUNK = b"MSRP %s SEND\r\nTo-Path: a\r\nFrom-Path: b\r\nByte-Range: 1-%s/*\r\n\r\n%s\r\n-------%s$\r\n"


@pytest.mark.parametrize("size", [1400, 60_000])
@pytest.mark.parametrize(
    ("sent", "behind"),
    [
        ([OPTIONS, OPTIONS.replace(b": 5", b": %d" % len(TOO_MUCH))[:-5] + TOO_MUCH], OPTIONS),
        (
            [CHUNK % (b"abcd", b"5", b"hello", b"abcd"), CHUNK % (b"big1", b"%d" % len(TOO_MUCH), TOO_MUCH, b"big1")],
            CHUNK % (b"efgh", b"5", b"hello", b"efgh"),
        ),
        ([CHUNK % (b"abcd", b"5", b"hello", b"abcd"), CHUNK % (b"big1", b"*", TOO_MUCH, b"big1")],
         CHUNK % (b"efgh", b"5", b"hello", b"efgh")),
        ([REQUEST, ws(TOO_MUCH, 0x82, b"abcd")], ws(OPTIONS, key=b"abcd")),
    ],
    ids=["SIP", "MSRP", "MSRP without a length", "WebSocket"],
)
def test_a_message_that_is_too_large_is_told_and_the_next_one_is_read(
    sent: list[bytes], behind: bytes, size: int
) -> None:
    bounds = Bounds()
    found = take(Connections(bounds), conversation([(A, each) for each in [*sent, behind]], size=size))
    assert found[-1].payload == (OPTIONS if behind.endswith(OPTIONS[-5:]) or sent[0] == REQUEST else behind)
    assert [count for name, count in bounds.hits.items() if name.endswith("too large")] == [1]


@pytest.mark.parametrize("octets", [ws(OPTIONS, key=b"abcd"), ws(squeezed(zlib.compressobj(wbits=-15), OPTIONS), 0xC1)])
def test_websocket_that_began_before_the_capture_is_read_however_long_it_is_idle(octets: bytes) -> None:
    idle = [(A, ws(b"\r\n\r\n", key=b"abcd")), (B, ws(b"", 0x89)), (A, ws(b"", 0x8A, b"abcd"))] * 9
    assert messages(conversation([*idle, (A, octets), (B, ws(OK))], opened=False)) == [OPTIONS, OK]


def test_websocket_that_never_carries_signalling_is_given_up() -> None:
    segments = conversation([(A, ws(b"hello"))] * (MAX_SNIFFED_SEGMENTS * IDLE_SEGMENTS + 1), opened=False)
    connections = Connections(Bounds())
    assert not take(connections, segments[:-1]) and not connections.is_given_up(segments[0])
    assert not take(connections, segments[-1:]) and connections.is_given_up(segments[0])


def test_what_is_no_signalling_begins_no_websocket() -> None:
    segments = conversation([(A, ws(b"hello" * 9) + b"no frame")] * 9, opened=False)
    connections = Connections(Bounds())
    assert not take(connections, segments) and connections.is_given_up(segments[0])


@pytest.mark.parametrize("size", [30, 1400])
def test_channels_of_a_connection_that_began_before_the_capture_are_read(size: int) -> None:
    run = [made.channel_data(made.rtp(number), 0x4001) for number in range(6)]
    assert not any(len(each) % 4 for each in run)
    segments = conversation([(A, each) for each in run], opened=False, size=size)
    assert messages(segments) == run[-len(messages(segments)) :] and len(messages(segments)) >= 4
    others = [made.channel_data(made.rtp(number), 0x4001 + number) for number in range(9)]
    for other in (others, [b"GET / HTTP/1.1\r\n"] * 9):
        assert not messages(conversation([(A, each) for each in other], opened=False))


def test_zeros_that_keep_a_connection_alive_are_no_message() -> None:
    zeros = bytes(4)
    for first in (bytes(1), zeros):
        assert messages(conversation([(A, first), (A, WITH_VIA), (B, OK)])) == [WITH_VIA, OK]
    run = [made.rtp(number) for number in range(4)]
    apart = [(A, octets) for each in run for octets in (framed(each)[:2], each)]
    assert messages(conversation(apart)) == run
    assert messages(conversation([(A, OPTIONS), (A, zeros), (A, zeros + OK), (A, OPTIONS + zeros)])) == [
        OPTIONS, OK, OPTIONS,
    ]


def test_a_message_that_begins_with_a_segment_is_found_behind_nonsense_without_a_line_end() -> None:
    assert messages(conversation([(A, OPTIONS), (A, b"{" * 9), (A, OK)])) == [OPTIONS, OK]
