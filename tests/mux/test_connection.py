"""What one connection says: its messages whole, one after the other, over WebSocket, behind holes and nonsense."""

from __future__ import annotations

import zlib

import pytest

from dissectors.limits.budget import Bounds
from dissectors.mux.connection import ACKNOWLEDGED_HOLE_TIMEOUT_NS, FIRST_LOOK_OCTETS, HOLE_TIMEOUT_NS
from dissectors.mux.connections import Connections
from dissectors.wire.tcp import ACK, RST, Direction
from tests import made
from tests.mux.test_connections import BEHIND, MS, OK, messages, take
from tests.mux.test_framings import OPTIONS, framed
from tests.tcp_frames import FIRST, A, B, Endpoint, conversation, payloads, segment
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
    assert messages(conversation([(A, OPTIONS + b"nonsense\r\n" * 9 + OK)], size=33)) == [OPTIONS, OK]
    assert not messages(conversation([(A, b"{" * 40 + OPTIONS)]))


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
