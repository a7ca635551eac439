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
    one = typed((65535, 0, "a"), (0, 1, "b"), (65535, 1, "a"), (3, 2, "c"), (4, 3, "\a!"))
    assert [line.text for line in one.lines] == [f"ab{MISSING}c!"] and one.missing == 2


def test_sides_are_in_the_order_in_which_they_began() -> None:
    one, two = typed((1, 0, "a"), (2, 5, "b")), Typed("callee")
    two.take(rtp.parse(rtp.build(98, 1, 0, 8, b"c")), 2 * SECOND, False)
    two.finish()
    assert [*conversation([two, one], 0)] == ["     0.00  caller: ab\n", "     2.00  callee: c\n"]


def test_characters_are_kept_and_what_is_no_text_is_left_out() -> None:
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}\N{VARIATION SELECTOR-16}"
    one = typed((1, 0, f"10\N{NO-BREAK SPACE}000 {family}"), (2, 1, "\x1b\N{RIGHT-TO-LEFT OVERRIDE}\x07.\U000e01ff"))
    assert [line.text for line in one.lines] == [f"10\N{NO-BREAK SPACE}000 {family}.\U000e01ff"] and not one.missing
    said = typed((1, 0, "a\x1bab\x9b1mc\x9b0md\x98application\x9ce"), (2, 1, "\x9b" + "1" * 70 + "m"))
    assert [line.text for line in said.lines] == ["abcde" + "1" * 70 + "m"]


@pytest.mark.parametrize("anew", [5, 30000, 60000])
def test_a_sender_that_begins_anew_is_read_on(anew: int) -> None:
    one = typed((20000, 0, "a"), (20001, 1, "b"), (anew, 2, "c"), (anew + 1, 3, "d"))
    assert [line.text for line in one.lines] == ["abcd"] and not one.missing
