"""Messages of SIP that hold no surprises are found in one walk: the same ones as one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.limits.budget import Bounds
from dissectors.mux import connections
from dissectors.mux.connection import (
    MAX_PLAIN_OCTETS,
    Connection,
    Way,
    Whole,
    next_message,
    plain_messages,
    plain_segment,
)
from dissectors.mux.connections import Connections
from dissectors.protocols.sip_framing import MAX_PLAIN_HEAD_OCTETS, MAX_PLAIN_LINE_OCTETS, frame, plain_end, plain_line
from dissectors.wire.errors import Malformed
from dissectors.wire.tcp import KEPT_OCTETS, Direction
from tests import made
from tests.mux.test_connections import OK
from tests.mux.test_framings import OPTIONS
from tests.tcp_frames import A, B, conversation, payloads
from tests.twins import compiled

LARGE = made.sip("MESSAGE sip:a SIP/2.0", "Call-ID: 2", body=b"x" * MAX_PLAIN_OCTETS)
PIECES = (
    OPTIONS, OK, OPTIONS * 3, OPTIONS + OK, LARGE,
    OPTIONS.replace(b"Content-Length: 5", b"l : 5"), OPTIONS.replace(b"Content-Length: 5", b"CONTENT-LENGTH:\r\n 5\t"),
    OPTIONS.replace(b"Content-Length: 5\r\n", b""), OPTIONS.replace(b": 5", b": 3"), OPTIONS.replace(b": 5", b": 12"),
    OPTIONS.replace(b"Call-ID", b"l: 4\r\nCall-ID"), OPTIONS.replace(b"Call-ID", b"l: 99999999999\r\nCall-ID"),
    OPTIONS.replace(b"Length", b"Length-Of"), OPTIONS.replace(b"t-L", b"t\rL"), OPTIONS.replace(b"gth:", b"gth :"),
    OPTIONS.replace(b"Content-Length", b"Language: en\r\nContact: <sip:a>\r\ncontent-LENGTH"),
    OPTIONS.replace(b"\r\n", b"\n"), OK.replace(b"\r\n\r\n", b"\n\n"), OPTIONS.replace(b"Call", b"\n\rCall"),
    OPTIONS.replace(b"OPTIONS", b"options"), OPTIONS.replace(b"SIP/2.0", b"sip/2.0"), b"M" * 40 + OPTIONS[7:],
    OK.replace(b"200 OK", b"200"), OK.replace(b" OK", b""), OK.replace(b"OK", b"O\rK"), OK.replace(b"200", b"900"),
    OPTIONS.replace(b"sip:a", b"sip:" + b"a" * MAX_PLAIN_LINE_OCTETS),
    OPTIONS.replace(b"Call-ID: ", b"Call-ID: " + b"a" * MAX_PLAIN_HEAD_OCTETS), OPTIONS.replace(b": 5", b": 2000000"),
    b"\r\n", b"\0", b" \t", b"hello", b"O", OK[:9], OPTIONS[:60], b"nonsense\r\n", bytes(KEPT_OCTETS),
)


def state(direction: Direction) -> tuple[Any, ...]:
    """Everything that a direction holds."""
    return tuple(getattr(direction, name) for name in Direction.__slots__)


Plain = Callable[[Way], list[Whole]]
Plainly = Callable[[Any, bytes, Any], list[Whole]]
TWINS: list[Plain] = [plain_messages] if compiled is None else [plain_messages, compiled.plain_messages]
WHOLLY: list[Plainly] = [plain_segment] if compiled is None else [plain_segment, compiled.plain_segment]


def nothing(*_: object) -> list[Whole]:
    """Leaves all to the closer look."""
    return []


def read(sent: list[bytes], size: int, plain: Plain = nothing, plainly: Plainly = nothing) -> tuple[Any, ...]:
    """What is found in a connection, segment by segment, and how far its directions are then."""
    kept = Connections(Bounds())
    kept.plain, kept.plainly = plain, plainly
    segments = conversation([(A, OPTIONS), *((A, each) for each in sent)], size=size)
    found = [kept.take(each, 0, number, number) for number, each in enumerate(segments)]
    (connection,) = kept._open.values() or [None]
    ways = () if connection is None else connection.ways
    weights = [(each.weight, each.held_octets()) for each in kept._open.values()]
    return found, kept.finish(), [(state(way.direction), way.wanted, way.searching) for way in ways], weights


@settings(max_examples=200, deadline=None)
@given(
    sent=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(b"".join), max_size=5),
    size=st.sampled_from((40, 333, 1400, 60_000)),
)
def test_one_walk_finds_the_same_messages_as_one_by_one(sent: list[bytes], size: int) -> None:
    one_by_one = read(sent, size)
    for plain, plainly in itertools.product([*TWINS, nothing], [*WHOLLY, nothing]):
        assert read(sent, size, plain, plainly) == one_by_one


def test_what_is_kept_of_messages_is_the_same_however_they_are_read() -> None:
    """Also where a segment of several is longer than what is kept."""
    for sizes in ((274, 1151, 1461, 767, 1735, 1497), (900,) * 9, (3000, 100, 100, 4000), (2100, 2100, 50)):
        messages = [made.sip("OPTIONS sip:b SIP/2.0", "Call-ID: 2", body=b"x" * size) for size in sizes]
        for sent in ([b"".join(messages)], messages, [b"".join(messages[:2]), b"".join(messages[2:])]):
            assert read(sent, 60_000, plainly=WHOLLY[0]) == read(sent, 60_000), sizes


@pytest.mark.parametrize("plainly", WHOLLY)
def test_segments_behind_one_that_the_capture_cut_are_read_at_once_again(plainly: Plainly) -> None:
    asked: list[bytes] = []
    kept = Connections(Bounds())
    kept.plainly = lambda key, payload, origin: asked.append(payload) or plainly(key, payload, origin)  # type: ignore[func-returns-value]
    segments = conversation([(A, OPTIONS)] * 6)
    segments[4] = segments[4]._replace(payload=OPTIONS[:60])
    found = [kept.take(each, 0, number, number * 10**10) for number, each in enumerate(segments)]
    assert payloads(found[-1]) == [OPTIONS] and asked[-1] == OPTIONS and len(asked) < 5


@settings(max_examples=300, deadline=None)
@given(
    place=st.integers(0, 2 * len(OPTIONS)), octet=st.sampled_from(b"\r\n\0 \t:SlLc-5aZ/\xff"),
    size=st.sampled_from((100, 1400)),
)
def test_a_damaged_message_is_left_or_read_the_same(place: int, octet: int, size: int) -> None:
    octets = bytearray(OPTIONS * 3)
    octets[place] = octet
    one_by_one = read([bytes(octets)], size)
    for plain, plainly in itertools.product([*TWINS, nothing], [*WHOLLY, nothing]):
        assert read([bytes(octets)], size, plain, plainly) == one_by_one


@given(octets=st.lists(st.sampled_from(PIECES), max_size=3).map(b"".join))
def test_the_end_of_a_plain_message_is_where_its_framing_says(octets: bytes) -> None:
    line = plain_line(octets, 0)
    end = line and plain_end(octets, 0, line)
    try:
        assert not end or frame(octets) == end
    except Malformed:
        assert not line


@pytest.mark.parametrize("message", [OPTIONS, OK, PIECES[5], PIECES[7][:-5], OPTIONS.replace(b"\r\n", b"\n")])
@pytest.mark.parametrize("plain", TWINS)
def test_common_messages_are_plain(message: bytes, plain: Plain) -> None:
    way = Way(connections.FlowKey(*A, *B, "", "tcp"))
    way.direction.take(1, message, connections.Origin(1, 0, 1, 1, 0))
    assert payloads(plain(way)) == [message] * (b"\r\n\r\n" in message)


@pytest.mark.parametrize("plain", TWINS)
def test_the_messages_of_a_segment_are_read_in_one_look(plain: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[bytes] = []
    peek = Direction.peek
    monkeypatch.setattr(Direction, "peek", lambda *asked: looks.append(peek(*asked)) or looks[-1])  # type: ignore[func-returns-value]
    kept = Connections(Bounds())
    kept.plain, kept.plainly = plain, nothing
    for number, each in enumerate(conversation([(A, OPTIONS), (B, OK)])):
        kept.take(each, 0, number, number)
    looks.clear()
    (segment,) = conversation([(A, OPTIONS), (A, OPTIONS * 3)])[3:]
    found = kept.take(segment, 0, 9, 9)
    assert payloads(found) == [OPTIONS] * 3 and [whole.layer for whole in found] == [0, 1, 2] and len(looks) == 1


@pytest.mark.parametrize("plainly", WHOLLY)
def test_a_segment_of_nothing_but_messages_is_not_put_together_with_others(
    plainly: Plainly, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Connections(Bounds())
    kept.plainly = plainly
    segments = conversation([(A, OPTIONS), (B, OK), (A, OPTIONS * 3), (B, OK + b"x")])
    for number, each in enumerate(segments[:3]):
        kept.take(each, 0, number, number)
    monkeypatch.setattr(Direction, "peek", None)
    found = [kept.take(each, 0, number, number) for number, each in enumerate(segments[3:5], 3)]
    assert [payloads(each) for each in found] == [[OK], [OPTIONS] * 3]
    assert [whole.layer for whole in found[1]] == [0, 1, 2]
    with pytest.raises(TypeError):
        kept.take(segments[5], 0, 9, 9)


@pytest.mark.parametrize("plain", TWINS)
def test_what_is_not_plain_is_left_to_the_closer_look(plain: Plain) -> None:
    connection = Connection(connections.FlowKey(*A, *B, "", "tcp"))
    connection.framing = connections.SIP
    way: Way = connection.ways[0]
    (segment,) = conversation([(A, OPTIONS + b"hello")], opened=False)
    way.direction.take(segment.sequence, segment.payload, connections.Origin(1, 0, 1, 1, 0))
    assert not plain(way)
    assert payloads(next_message(connection, way)) == [OPTIONS + b"hello"]
