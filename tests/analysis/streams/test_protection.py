"""SRTP is told from RTP by the octets, where they can tell, and else by what was agreed."""

from __future__ import annotations

import pytest

from dissectors.analysis.streams.protection import spare_octets
from tests.finding_cases.keys import crypto, offered, taken
from tests.finding_cases.plain import signalled
from tests.stories import A, B, report, talk


def covered(offer: bytes, answer: bytes, size: int, payload_type: int = 0) -> list[bool]:
    both = [talk(size=size, payload_type=payload_type), talk(B, A, 78, size=size, payload_type=payload_type)]
    return [each.encrypted for each in report(signalled(offer, answer, *both)).streams]


def test_octets_that_leave_no_room_for_a_tag_are_plain_whatever_was_agreed() -> None:
    assert covered(offered(crypto(1)), taken(crypto(1)), 160) == [False, False]
    assert covered(offered(crypto(1)), taken(crypto(1)), 170) == [True, True]
    assert covered(offered(crypto(1)), taken(crypto(1)), 164) == [True, True]


def test_a_tag_is_believed_where_a_side_announced_keys_alone() -> None:
    assert covered(offered(crypto(1)), taken(), 170) == [True, True]
    assert covered(offered(profile="RTP/AVP 0"), taken(profile="RTP/AVP 0"), 170) == [False, False]


def test_where_octets_cannot_tell_both_sides_must_have_agreed() -> None:
    opus = ("a=rtpmap:96 opus/48000/2", crypto(1))
    plain = taken(opus[0], profile="RTP/SAVP 96")
    assert covered(offered(*opus, profile="RTP/SAVP 96"), taken(*opus, profile="RTP/SAVP 96"), 83, 96) == [True, True]
    assert covered(offered(*opus, profile="RTP/SAVP 96"), plain, 83, 96) == [False, False]


@pytest.mark.parametrize(
    ("codec", "step", "octets", "spare"),
    [
        ("PCMA", 160, 160, 0), ("pcmu", 240, 250, 10), ("G722", 160, 164, 4), ("G729", 160, 20, 0),
        ("GSM", 160, 43, 10),
        ("iLBC", 240, 50, 0), ("iLBC", 160, 48, 10), ("opus", 960, 80, None), ("PCMA", 160, 40, None),
        (None, 160, 160, None),
    ],
)
def test_the_octets_beyond_the_frames(codec: str | None, step: int, octets: int, spare: int | None) -> None:
    assert spare_octets(codec, step, 50, octets, octets) == spare
    assert spare_octets(codec, None, 50, octets, octets) is None
    assert spare_octets(codec, step, 5, octets, octets) is None
    assert spare_octets(codec, step, 50, octets - 1, octets) is None
