"""What became of a TCP segment that ends no message."""

from __future__ import annotations

import pytest

from dissectors.limits.budget import Bounds
from dissectors.mux.connections import Connections
from dissectors.queries.segments import Fate, fate
from dissectors.wire.captures.records import Record
from tests.mux.test_framings import OPTIONS
from tests.tcp_frames import A, B, Sent, conversation, records


def made(*sent: Sent, size: int = 30) -> list[Record]:
    return [record for _, record in records(conversation(sent, size=size))]


def told(records: list[Record], frame: int) -> Fate | None:
    return fate(records, frame, Connections(Bounds()))


def test_a_segment_says_where_the_message_that_it_is_of_ends() -> None:
    capture = made((A, OPTIONS), (B, OPTIONS))
    last = 2 + -(-len(OPTIONS) // 30)
    assert {told(capture, frame) for frame in range(3, last + 1)} == {Fate(last, False, False, False)}
    assert told(capture, last + 1) == Fate(len(capture), False, False, False)
    assert told(capture, 1) is None and told(capture, 99) is None


def test_behind_a_hole_the_next_message_is_found_at_the_end() -> None:
    capture = made((A, OPTIONS), (A, OPTIONS))
    holed = [record for record in capture if record.frame != 4]
    assert told(holed, 3) == Fate(len(capture), False, False, False)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", Fate(None, False, False, True)),
        (b"\x16\x03\x01\0\x40\1", Fate(None, True, False, False)),
    ],
)
def test_what_is_given_up_or_encrypted_is_told(octets: bytes, expected: Fate) -> None:
    assert told(made((A, octets)), 3) == expected
