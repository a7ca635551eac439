"""Payload types that nobody announced."""

from __future__ import annotations

from tests.found import found, frames
from tests.stories import A, B, dialled, hung_up, talk


def test_an_unannounced_payload_type_says_when_it_began():
    odd = talk(start=6020, seconds=4.9, first=350, origin=250 * 160, payload_type=18)
    story = [*dialled(), *talk(seconds=5), *odd, *talk(B, A, 78), *hung_up()]
    (told,) = found(story, "payload-type-not-negotiated")
    assert "of type 18, the first 5.000 s after the stream began" in told.what
    assert len(frames(told)) == 2
