"""Handshake messages in fragments: in any order, twice, never whole, within bounds."""

from __future__ import annotations

import random

import pytest

from dissectors.analysis.connectivity import messages
from dissectors.analysis.connectivity.messages import MAX_FRAGMENTS, MAX_MISSING, MessagesInPart
from dissectors.limits.budget import Bounds
from dissectors.protocols import dtls
from dissectors.report import Place
from dissectors.wire.datagram import Datagram, Flow
from tests import stories
from tests.made import A, B

TO = Flow(*A, *B)


def piece(at: int, size: int, length: int, kind: int = 11, number: int = 0, body: bytes | None = None) -> bytes:
    """A record with a fragment of a message."""
    head = bytes([kind]) + length.to_bytes(3, "big") + number.to_bytes(2, "big")
    octets = bytes(size) if body is None else body[at:at + size]
    return stories.record(22, head + at.to_bytes(3, "big") + size.to_bytes(3, "big") + octets)


def feed(parts: MessagesInPart, payload: bytes, frame: int = 1, flow: Flow = TO) -> list[str]:
    """The names of the messages that are whole with these octets."""
    datagram = Datagram(0, frame, 0, frame, flow, payload, len(payload))
    return [each.name for each in parts.feed(datagram, dtls.parse(payload))[0]]


@pytest.mark.parametrize("seed", range(5))
def test_a_message_is_whole_with_its_last_fragment_in_whatever_order(seed: int) -> None:
    body = stories.certificate(b"x" * 700)[25:]
    pieces = [piece(at, min(100, len(body) - at), len(body), body=body) for at in range(0, len(body), 100)]
    random.Random(seed).shuffle(pieces)
    parts = MessagesInPart(4, Bounds())
    told = [feed(parts, each) for each in [pieces[0], *pieces]]
    assert told[:-1] == [[]] * len(pieces) and told[-1] == ["Certificate"]
    assert parts.missing(TO) == ()


def test_what_is_missing_is_told_in_octets_with_the_latest_frame_and_the_end_that_sent_it() -> None:
    parts = MessagesInPart(4, Bounds())
    feed(parts, piece(0, 100, 400), 3)
    feed(parts, piece(200, 100, 400), 4)
    feed(parts, piece(50, 10, 60, kind=14, number=2), 5, TO.reverse)
    told = [(each.message, each.sender, each.begin, each.end, each.length, each.place) for each in parts.missing(TO)]
    assert told == [
        ("Certificate", "client", 100, 200, 400, Place(0, 4)),
        ("Certificate", "client", 300, 400, 400, Place(0, 4)),
        ("ServerHelloDone", "server", 0, 50, 60, Place(0, 5)),
    ]
    assert [each.sender for each in parts.missing(TO.reverse)] == ["client", "server", "server"]


def test_a_message_that_comes_whole_needs_its_fragments_no_longer() -> None:
    body = stories.certificate(b"x" * 80)[25:]
    parts = MessagesInPart(4, Bounds())
    feed(parts, piece(0, 20, len(body), body=body))
    assert parts.missing(TO) and feed(parts, piece(0, len(body), len(body), body=body)) == ["Certificate"]
    assert parts.missing(TO) == ()


def test_fragments_beyond_the_bound_are_counted_and_of_holes_only_some_are_told() -> None:
    bounds = Bounds()
    parts = MessagesInPart(4, bounds)
    for number in range(MAX_FRAGMENTS + 6):
        feed(parts, piece(number * 20, 10, 4000))
    assert bounds.hits["handshake fragments"] == 6 and len(parts.missing(TO)) == MAX_MISSING


def test_a_body_that_does_not_fit_is_told_once_and_may_come_again() -> None:
    parts = MessagesInPart(4, Bounds())
    wrong = []
    for at in (0, 30):
        payload = piece(at, 30, 60, body=b"\xff" * 60)
        wrong += parts.feed(Datagram(0, 1, 0, 1, TO, payload, len(payload)), dtls.parse(payload))[1]
    assert len(wrong) == 1 and parts.missing(TO) == ()


def test_a_datagram_of_many_messages_in_part_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, key = [], messages._key
    monkeypatch.setattr(messages, "_key", lambda each: looked.append(each) or key(each))
    parts = MessagesInPart(4, Bounds())
    assert feed(parts, b"".join(piece(0, 0, 100, number=number) for number in range(500))) == []
    assert len(looked) == 500
