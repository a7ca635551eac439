"""Connections to whole messages: what is decided, what is given up, holes, bounds, and any order of segments."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.limits.budget import Bounds
from dissectors.mux.connections import (
    ACKNOWLEDGED_HOLE_TIMEOUT_NS,
    FIRST_LOOK_OCTETS,
    HOLE_TIMEOUT_NS,
    MAX_SNIFFED_SEGMENTS,
    Connections,
    Whole,
)
from dissectors.wire.tcp import ACK, RST, SYN, Direction, Segment
from tests import made
from tests.mux.test_framings import OPTIONS, framed
from tests.tcp_frames import FIRST, A, B, Endpoint, conversation, payloads, segment
from tests.wire.test_hep import packet
from tests.wire.test_websocket import REQUEST, SWITCHED, squeezed
from tests.wire.test_websocket import framed as ws

OK = made.sip("SIP/2.0 200 OK", "Call-ID: 1", body=b"v=0\r\n" * 30)
FOREIGN = b"GET / HTTP/1.1\r\n\r\n"
BEHIND = FIRST + 1
MS = 1_000_000


def take(connections: Connections, segments: Iterable[Segment], every: int = MS, first: int = 1) -> list[Whole]:
    return [
        whole
        for number, one in enumerate(segments, first)
        for whole in connections.take(one, 0, number, number * every)
    ]


def messages(segments: Iterable[Segment], every: int = MS) -> list[bytes]:
    """The payloads of everything that these segments give."""
    connections = Connections(Bounds())
    return payloads([*take(connections, segments, every), *connections.finish()])


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


def test_a_server_that_does_not_switch_is_given_up() -> None:
    segments = conversation([(A, REQUEST), *[(B, b"HTTP/1.1 403 Forbidden\r\n\r\n" + b"x" * 900)] * 80])
    connections = Connections(Bounds())
    assert not take(connections, segments) and connections.is_given_up(segments[0])


@pytest.mark.parametrize("size", [7, 1400])
def test_hep_over_tcp_gives_what_its_agent_saw(size: int) -> None:
    sent = [(A, packet(OPTIONS) + packet(OK, 6) + packet(b"{}") + packet(OPTIONS, src=b"odd"))]
    found = take(Connections(Bounds()), conversation(sent, size=size))
    assert payloads(found) == [OPTIONS, OK] and [whole.key.transport for whole in found] == ["udp", "tcp"]
    assert {(whole.key.sport, whole.key.dport, whole.origin.time) for whole in found} == {(5060, 5062, 1_500_000_000)}


def test_a_connection_of_something_else_is_given_up_at_its_first_octets() -> None:
    connections = Connections(Bounds())
    segments = conversation([(A, FOREIGN), (B, OPTIONS), (A, OPTIONS)])
    assert not take(connections, segments)
    assert connections.is_given_up(segments[2]) and not connections.finish()


def test_a_port_that_is_used_again_is_another_connection() -> None:
    connections = Connections(Bounds())
    forgotten = []
    connections.forgotten = forgotten.append
    again = [one._replace(sequence=one.sequence + 5_000_000 & 0xFFFFFFFF) for one in conversation([(A, OPTIONS)])]
    assert not take(connections, conversation([(A, FOREIGN)]))
    assert payloads(take(connections, again)) == [OPTIONS] and len(forgotten) == 1
    assert payloads(take(connections, conversation([(A, OPTIONS), (B, OK)]))) == [OPTIONS, OK]


def test_a_syn_that_comes_again_begins_nothing() -> None:
    segments = conversation([(A, OPTIONS * 2)], size=len(OPTIONS))
    assert messages([segments[0], segments[0], segments[1], segments[2], segments[0], segments[1], segments[3]]) == [
        OPTIONS, OPTIONS,
    ]


def test_a_connection_that_began_before_the_capture_is_read_from_its_next_message() -> None:
    middle = OK[40:] + OPTIONS
    sent = [(B, middle), (A, OK[90:]), (A, OPTIONS + OK)]
    assert messages(conversation(sent, opened=False, size=len(OK) - 40)) == [OPTIONS, OPTIONS, OK]
    for others, found in ((MAX_SNIFFED_SEGMENTS, [OPTIONS]), (MAX_SNIFFED_SEGMENTS + 1, [])):
        assert messages(conversation([*[(A, b"{" * 90)] * others, (A, OPTIONS)], opened=False)) == found


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
    assert messages(conversation([(A, OPTIONS + b"nonsense\r\n" * 9 + OK)], size=33)) == [OPTIONS, OK]
    assert not messages(conversation([(A, b"{" * 40 + OPTIONS)]))


def test_a_connection_that_is_nonsense_for_long_is_given_up() -> None:
    segments = conversation([(A, OPTIONS), *[(A, b"nonsense\n" * 100)] * 80, (A, OPTIONS)])
    connections = Connections(Bounds())
    assert payloads(take(connections, segments)) == [OPTIONS] and connections.is_given_up(segments[0])


def test_octets_that_come_twice_and_differ_are_told() -> None:
    first, second = segment(A, B, BEHIND, OPTIONS), segment(A, B, BEHIND, OPTIONS.replace(b"hello", b"HELLO"))
    connections = Connections(Bounds())
    assert payloads(take(connections, [*conversation([]), first, second])) == [OPTIONS]
    (damage,) = connections.damage.values()
    assert (damage.differing, damage.holes) == (5, 0)


def test_what_is_wrong_with_a_connection_is_told_once_its_messages_are_read() -> None:
    for last, told in ((OPTIONS, 1), (b"\1\2\3", 0)):
        segments = conversation([(A, b"\r\n"), (A, b"lost"), (A, last)])
        connections = Connections(Bounds())
        take(connections, [*segments[:3], segments[4], segment(A, B, BEHIND, b"", RST | ACK)])
        assert [damage.missing for damage in connections.damage.values()] == [4] * told


def test_connections_are_bounded_the_idle_ones_go_first() -> None:
    bounds = Bounds()
    connections = Connections(bounds, connections=10, given_up=5)
    kept = conversation([(A, OPTIONS[:50]), (A, OPTIONS[50:])])
    take(connections, kept[:3])
    for number in range(100):
        connections.take(segment((A[0], 1000 + number), B, FIRST, b"", SYN), 0, number, number)
        connections.take(kept[0], 0, number, number)
    assert bounds.hits["TCP connections"] == 91
    assert payloads(take(connections, kept[3:])) == [OPTIONS]
    foreign = [conversation([(end, FOREIGN)], (end, B)) for end in ((A[0], 2000 + number) for number in range(9))]
    for segments in foreign:
        take(connections, segments)
    assert [connections.is_given_up(segments[0]) for segments in foreign] == [False] * 4 + [True] * 5


def test_octets_that_wait_are_bounded() -> None:
    connections = Connections(Bounds())
    connections._open.octets = 100_000
    for number in range(50):
        end = (A[0], 3000 + number)
        begun = OPTIONS.replace(b": 5", b": 9000")
        take(connections, conversation([(end, begun + bytes(8000))], (end, B)))
    assert connections._open.weight <= 100_000 and len(connections._open) < 15


@given(st.data())
def test_segments_in_any_order_give_the_same_messages_as_in_order(data: st.DataObject) -> None:
    chance = data.draw(st.randoms(use_true_random=False))
    sent = [(chance.choice((A, B)), chance.choice((OPTIONS, OK, OPTIONS * 2, b"\r\n\r\n"))) for _ in range(6)]
    expected = {end: payloads_of(octets for src, octets in sent if src == end) for end in (A, B)}
    opened, rest = conversation([])[:2], conversation(sent, size=data.draw(st.integers(20, 400)))[2:]
    found = [*take(connections := Connections(Bounds()), [*opened, *shaken(rest, chance)]), *connections.finish()]
    for end in (A, B):
        assert [whole.payload for whole in found if (whole.key.src, whole.key.sport) == end] == expected[end]
    assert not connections.damage


def payloads_of(parts: Iterable[bytes]) -> list[bytes]:
    """The messages in the octets of one side."""
    whole = b"".join(part for part in parts if part.strip())
    found = []
    while whole:
        size = len(OK) if whole.startswith(b"SIP") else len(OPTIONS)
        found.append(whole[:size])
        whole = whole[size:]
    return found


def shaken(segments: list[Segment], chance: random.Random) -> list[Segment]:
    """Segments out of order within a window, some twice, some joined with a part of the one before."""
    made = []
    for before, one in zip([None, *segments], segments, strict=False):
        made.append((len(made) + chance.uniform(0, 5), one))
        if chance.random() < 0.2:
            made.append((len(made) + chance.uniform(0, 5), one))
        if before is not None and before[:4] == one[:4] and chance.random() < 0.3:
            both = before.payload[-7:] + one.payload
            made.append((len(made) + chance.uniform(0, 5), one._replace(
                sequence=one.sequence - len(before.payload[-7:]) & 0xFFFFFFFF, payload=both, length=len(both),
            )))
    return [one for _, one in sorted(made, key=lambda each: each[0])]


@pytest.mark.parametrize("message", [OPTIONS, made.stun(1)], ids=["SIP", "STUN"])
def test_many_messages_at_once_are_not_copied_again_for_each(message: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, peek = [], Direction.peek
    monkeypatch.setattr(Direction, "peek", lambda *asked: copied.append(peek(*asked)) or copied[-1])
    many = max(2, 60_000 // len(message))
    assert messages(conversation([(A, message), (A, message * many)], size=1 << 16)) == [message] * (many + 1)
    assert max(map(len, copied[2:])) <= 2 * FIRST_LOOK_OCTETS


@pytest.mark.parametrize("size", [1, 1400, 1 << 16])
def test_a_message_with_a_head_longer_than_the_first_look_is_whole_however_it_comes(size: int) -> None:
    long = made.sip("OPTIONS sip:a SIP/2.0", "Call-ID: 1", f"Subject: {'x' * 5 * FIRST_LOOK_OCTETS}", body=b"x" * 9000)
    assert messages(conversation([(A, OPTIONS + long + OPTIONS)], size=size)) == [OPTIONS, long, OPTIONS]
