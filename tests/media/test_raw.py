"""Payloads in the order of their numbers: those of one type, once each, and what is made of them."""

from __future__ import annotations

import pytest

from dissectors.media import aac, latm
from dissectors.media.pcm import Sound
from dissectors.media.raw import Payloads, framed
from dissectors.protocols import rtp
from dissectors.wire.errors import Malformed


def taken(*sent: tuple[int, int, bytes]) -> tuple[Payloads, list[bytes]]:
    """What is written of sequence numbers, payload types and payloads."""
    found: list[bytes] = []

    def made(payload: bytes) -> bytes:
        if payload == b"bad":
            raise Malformed("AAC", 0, "bad")
        return payload

    payloads = Payloads(96, made, found.append)
    for number, (sequence, payload_type, payload) in enumerate(sent):
        payloads.take(rtp.parse(rtp.build(payload_type, sequence, 0, 7, payload)), number)
    payloads.finish()
    return payloads, found


def test_payloads_stand_in_order_once_each() -> None:
    sent = (65535, 96, b"a"), (1, 96, b"c"), (0, 96, b"b"), (0, 96, b"b"), (2, 101, b"x"), (4, 96, b"d")
    payloads, found = taken(*sent)
    assert found == [b"a", b"b", b"c", b"d"] and payloads.written == payloads.octets == 4
    assert (payloads.other, payloads.ordered.late, payloads.ordered.missing, payloads.unread) == (1, 1, 1, 0)


def test_what_is_malformed_is_counted() -> None:
    payloads, found = taken((1, 96, b"bad"), (2, 96, b"good"), (3, 96, b""))
    assert found == [b"good"] and (payloads.unread, payloads.written) == (1, 1)


def test_frames_of_latm_have_the_configuration_of_sdp_and_a_guess_is_said() -> None:
    made, note = framed(Sound("MPEG4-GENERIC", 24000, 1, 24000, "config=f8ec31a0"))
    assert made(b"\0\x10\0\x18abc") == latm.element(bytes.fromhex("f8ec31a0"), b"abc") and note is None
    made, note = framed(Sound("AAC-ELD WITH SBR", 24000, 1, 24000))
    assert made(b"abc") == latm.element(aac.low_delay(24000), b"abc") and note is not None and "without SBR" in note
    with pytest.raises(Malformed):
        framed(Sound("MPEG4-GENERIC", 24000, 1, 24000))
