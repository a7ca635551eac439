"""Text of RFC 4103: redundancy, gaps, and what terminals must not get."""

from __future__ import annotations

import pytest

from dissectors.media.text import MISSING, Typed, blocks, conversation
from dissectors.protocols import rtp
from dissectors.wire.errors import Malformed

SECOND = 1_000_000_000


def typed(*sent: tuple[int, int, str]) -> Typed:
    one = Typed("caller")
    for sequence, seconds, text in sent:
        one.take(rtp.parse(rtp.build(98, sequence, 0, 7, text.encode())), seconds * SECOND, False)
    one.finish()
    return one


def test_blocks_stand_behind_their_headers() -> None:
    assert blocks(b"\xe2\x10\x40\x02\x62abc", True) == [b"ab", b"c"] and blocks(b"abc", False) == [b"abc"]
    for octets in (b"", b"\xe2\x10\x40\x02", b"\xe2\x10\x40\x02\x62a"):
        with pytest.raises(Malformed):
            blocks(octets, True)


def test_a_line_ends_at_its_break_or_after_a_pause() -> None:
    lines = typed((1, 0, "one\r\ntwo"), (2, 1, "\N{LINE SEPARATOR}three"), (3, 20, "four")).lines
    assert [line.text for line in lines] == ["one", "two", "three", "four"]
    assert [line.time // SECOND for line in lines] == [0, 0, 1, 20]


def test_what_came_before_is_left_out_and_what_is_missing_is_marked() -> None:
    one = typed((65535, 0, "a"), (0, 1, "b"), (65535, 1, "a"), (3, 2, "c"), (4, 3, "\a\x1b\b!"))
    assert [line.text for line in one.lines] == [f"ab{MISSING}c!"] and one.missing == 2


def test_sides_are_in_the_order_in_which_they_began() -> None:
    one, two = typed((1, 0, "a"), (2, 5, "b")), Typed("callee")
    two.take(rtp.parse(rtp.build(98, 1, 0, 8, b"c")), 2 * SECOND, False)
    two.finish()
    assert [*conversation([two, one], 0)] == ["     0.00  caller: ab\n", "     2.00  callee: c\n"]
