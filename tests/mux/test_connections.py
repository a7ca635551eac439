"""The connections of a capture: what is decided, what is given up, bounds, and any order of segments."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.limits.budget import Bounds
from dissectors.mux.connection import Whole
from dissectors.mux.connections import MAX_SNIFFED_SEGMENTS, Connections
from dissectors.wire.tcp import ACK, RST, SYN, Segment
from tests import made
from tests.mux.test_framings import OPTIONS
from tests.tcp_frames import FIRST, A, B, conversation, payloads, segment
from tests.wire.test_hep import chunk, old, packet
from tests.wire.test_websocket import REQUEST

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


@pytest.mark.parametrize("size", [3, 1400])
@pytest.mark.parametrize(("version", "wide"), [(2, 4), (2, 16), (1, 4)])
def test_older_hep_over_tcp_ends_with_its_message(size: int, version: int, wide: int) -> None:
    sent = [(A, old(OPTIONS, version, wide) + old(OK, version, wide)), (A, old(OPTIONS, version, wide))]
    found = take(Connections(Bounds()), conversation(sent, size=size))
    assert [whole.payload for whole in found] == [OPTIONS, OK, OPTIONS]
    assert {(whole.key.sport, whole.key.dport, whole.key.transport, len(whole.key.src)) for whole in found} == {
        (5060, 5062, "udp", wide)
    }


@pytest.mark.parametrize("number", [6, 17])
def test_messages_that_lay_in_one_segment_are_taken_apart_in_hep(number: int) -> None:
    second = made.sip("SIP/2.0 180 Ringing", "Via: SIP/2.0/TCP a", "Call-ID: 1")
    wrapped = packet(OK + second, number)
    found = Connections(Bounds()).unpack(wrapped, 0, 1, 0)
    assert [(whole.payload, whole.layer) for whole in found] == (
        [(OK, 0), (second, 1)] if number == 6 else [(OK + second, 0)]
    )


def test_vendors_chunks_a_gzipped_payload_and_ipv6_are_read_in_a_stream_of_hep() -> None:
    ends = {"src": bytes(15) + b"\1", "dst": bytes(15) + b"\2"}
    squeezed = packet(gzip.compress(OK), 6, kind=16, **ends)
    vendors = chunk(15, b"no message", vendor=0x1234) + chunk(1, b"", vendor=7)
    squeezed = b"HEP3" + (len(squeezed) + len(vendors)).to_bytes(2, "big") + vendors + squeezed[6:]
    found = take(Connections(Bounds()), conversation([(A, squeezed), (A, packet(OPTIONS, **ends))], size=90))
    assert [(whole.payload, whole.key.transport, whole.key.src[-1]) for whole in found] == [
        (OK, "tcp", 1), (OPTIONS, "udp", 1),
    ]


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
