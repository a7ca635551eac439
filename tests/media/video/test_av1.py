"""OBUs out of the elements of payloads of AV1, and back with their sizes."""

from __future__ import annotations

import pytest

from dissectors.media.video.av1 import av1
from dissectors.wire.errors import Malformed

FRAME = b"\x30" + b"frame"


def test_elements_get_their_sizes_and_a_sequence_header_is_kept() -> None:
    # Two elements, the first behind its size; a new sequence begins.
    frame = av1([b"\x28\x03\x08ab" + FRAME])
    assert frame == (b"\x0a\x02ab" + b"\x32\x05frame", True, b"\x0a\x02ab", True, False)


def test_an_element_may_be_in_several_payloads() -> None:
    sent = b"\x30" + bytes(300)
    pieces = [b"\x50" + sent[:100], b"\xd0" + sent[100:200], b"\x90" + sent[200:]]
    assert av1(pieces).octets == b"\x32\xac\x02" + bytes(300) and not av1(pieces).key


def test_delimiters_are_left_out_and_sizes_that_are_there_are_kept() -> None:
    assert av1([b"\x00\x02\x12\x00\x07\x32\x05frame"]).octets == b"\x32\x05frame"
    assert av1([b"\x10\x34\x18frame"]).octets == b"\x36\x18\x05frame"


@pytest.mark.parametrize(
    "payloads",
    [[], [b""], [b"\x10"], [b"\x90abc"], [b"\x50abc"], [b"\x50abc", b"\x10abc"], [b"\x00\x09abc"], [b"\x00\x80"],
     [b"\x00\x00\x01\x30"], [b"\x10\x12"], [b"\x10\x34"], [b"\x00" + b"\xff" * 9]],
)
def test_what_is_not_whole_is_malformed(payloads: list[bytes]) -> None:
    with pytest.raises(Malformed):
        av1(payloads)
