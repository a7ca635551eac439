"""Streams that stay counters where only rules look at them: what is found is the same as of all streams."""

from __future__ import annotations

import struct

import pytest

from dissectors.engine import retirement
from tests.finding_cases.numbers import reported
from tests.finding_cases.video import film
from tests.stories import A, B, Story, description, dialled, hung_up, talk
from tests.unread import told

PCMU = "a=rtpmap:0 PCMU/8000"
SERVER, ONE, OTHER = ("203.0.113.50", 3478), ("192.0.2.7", 9000), ("192.0.2.8", 9000)


def placed(story: Story, port: int) -> Story:
    """Between other ports of the two hosts."""
    ends = {A: (A[0], port), B: (B[0], port)}
    return [(time, ends[src], ends[dst], octets) for time, src, dst, octets in story]


def in_channel(story: Story) -> Story:
    """As TURN carries it (RFC 8656 section 12.4)."""
    wrapped = [(time, src, struct.pack(">HH", 0x4001, len(octets)) + octets) for time, src, _, octets in story]
    return [(time, A, SERVER, octets) if src == A else (time, SERVER, A, octets) for time, src, octets in wrapped]


def test_a_picture_is_held_to_sound_in_calls_that_go_as_in_those_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retirement, "MIN_FINISHED", 1)

    def described(host: str) -> bytes:
        sound = "m=audio 16410 RTP/AVP 0", PCMU
        return description(host, 16402, PCMU, *sound, "m=video 16420 RTP/AVP 96", "a=rtpmap:96 H264/90000")

    answer = described(B[0]).replace(b"1 1 IN", b"2 2 IN")
    picture = placed([*film(), *reported(-250, 0, ssrc=79, clock=90_000, first=1000)], 16420)
    call = [*dialled(described(A[0]), answer), *talk(), *reported(0), *talk(B, A, 78), *picture, *hung_up(11_000)]
    beside = placed([*talk(ssrc=90, seconds=5.0), *reported(0, ssrc=90)[:2]], 16410)
    for story, found in ((call, 1), ([*call, *beside], 0)):
        for most in (0, 5):
            assert [each.id for each in told(story, False, most).findings].count("lip-sync") == found


def test_what_turn_carries_is_looked_at_whatever_else_is_in_the_capture() -> None:
    answer = description(*B, PCMU).replace(b"1 1 IN", b"2 2 IN")
    call = [*dialled(description(*A, PCMU), answer), *hung_up(11_000)]
    media = [*talk(seconds=9.0), *talk(B, A, 78, seconds=9.0)]
    for time in (2000.0, 4000.0, 6000.0):
        media.append((time, A, B, struct.pack(">BBHI", 0x80, 201, 1, 77)))
        media.append((time + 1, B, A, struct.pack(">BBHI", 0x80, 201, 1, 78)))
    strangers = talk(ONE, OTHER, 4000, seconds=2.0)
    for story in ([*call, *in_channel(media)], [*call, *in_channel(media), *strangers]):
        (finding,) = [each for each in told(story, False, 5).findings if each.id == "rtcp-mux-not-announced"]
        assert finding.call == 0
