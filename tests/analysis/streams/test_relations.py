"""Streams that belong together: repairs, layers of one picture, and one stream on its ways."""

from __future__ import annotations

import struct

import pytest

from dissectors.report import LipSync, Stream
from tests.analysis.streams.test_extensions import MID, RID, carrying
from tests.finding_cases.numbers import reported
from tests.finding_cases.repair import LOST, RTX, VIDEO, missing, pictures, rtx
from tests.finding_cases.session import both
from tests.finding_cases.video import film
from tests.made import Endpoint
from tests.stories import A, B, C, Story, agreed, description, dialled, report, rtp, talk

RELAY = ("203.0.113.50", 49_170)


def streams(*story: Story) -> tuple[Stream, ...]:
    return report([each for part in story for each in part]).streams


def moved(story: Story, src: Endpoint, dst: Endpoint, after: float, clock: int = 0) -> Story:
    """The same datagrams on another way, so many milliseconds later; `clock` is added to their timestamps."""
    return [
        (time + after, src, dst, octets[:4] + struct.pack("!I", stamp + clock) + octets[8:])
        for time, _, _, octets in story for stamp in struct.unpack_from("!I", octets, 4)
    ]


def test_a_relayed_stream_is_one_stream_with_its_ways() -> None:
    first, second, third = streams(talk(), moved(talk(), RELAY, C, 15), moved(talk(), C, B, 40))
    assert first.ways == (1, 2) and first.way_of is None
    assert (second.way_of, third.way_of, second.ways) == (0, 0, ())


@pytest.mark.parametrize(
    "other",
    [
        moved(talk(), B, A, 15),
        moved(talk(), RELAY, C, 15, 900_000),
        moved(talk(first=30_000), RELAY, C, 15),
        moved(talk(payload_type=8), RELAY, C, 15),
        moved(talk(), RELAY, C, 60_000),
    ],
    ids=["an echo", "another clock", "other numbers", "another codec", "another time"],
)
def test_what_differs_is_another_stream(other: Story) -> None:
    assert all(each.way_of is None and not each.ways for each in streams(talk(), other))


def test_rtx_is_joined_to_its_source_by_its_content() -> None:
    found = {each.ssrc: each.repairs for each in streams(pictures(lost=missing), rtx())}
    assert found == {VIDEO: None, RTX: VIDEO}


def test_encrypted_rtx_is_joined_by_its_timestamps() -> None:
    sealed = [(time, src, dst, octets[:12] + bytes(900)) for time, src, dst, octets in rtx()]
    found = {each.ssrc: each.repairs for each in streams(pictures(lost=missing), sealed)}
    assert found == {VIDEO: None, RTX: VIDEO} and LOST
    elsewhere = [
        (time, src, dst, rtp(n, RTX, 97, 5_000_000 + 2700 * n, bytes(900)))
        for n, (time, src, dst, _) in enumerate(rtx())
    ]
    assert {each.repairs for each in streams(pictures(lost=missing), elsewhere)} == {None}


def test_layers_are_the_streams_of_one_line_with_identifiers_of_their_own() -> None:
    lines = (f"a=extmap:4 {MID}", f"a=extmap:9 {RID}")
    ends = [description(*end, *lines) for end in (A, B)]
    layers = [
        (time, src, dst, octets[:8] + ssrc.to_bytes(4, "big") + octets[12:])
        for ssrc, rid in ((77, b"hi"), (78, b"lo"))
        for time, src, dst, octets in carrying({4: lambda n: b"v", 9: lambda n, rid=rid: rid})  # type: ignore[misc]
    ]
    both = streams(dialled(*ends), layers)
    assert [each.simulcast for each in both] == [(77, 78), (77, 78)] and [each.rid for each in both] == ["hi", "lo"]


def test_a_group_of_sdp_says_which_are_layers() -> None:
    ends = [description(*end, "a=ssrc-group:SIM 77 78 79") for end in (A, B)]
    (stream,) = streams(dialled(*ends), talk())
    assert stream.simulcast == (77, 78, 79)


@pytest.mark.parametrize("later", [0, 250, -120])
def test_sound_and_picture_are_compared_by_their_reports(later: int) -> None:
    story = talk(), reported(0), film(), reported(-later, 0, ssrc=79, clock=90_000, first=1000)
    (picture,) = [each for each in streams(*story) if each.ssrc == 79]
    assert isinstance(picture.lip_sync, LipSync)
    assert picture.lip_sync.offset_ms == pytest.approx(later, abs=2) and picture.lip_sync.audio == 77


@pytest.mark.parametrize(("start", "first", "origin", "continues"), [
    (5100, 300, 200 * 160, 0), (7100, 400, 300 * 160, 0), (5100, 310, 210 * 160, 0),
    (5100, 9000, 200 * 160, None), (5100, 300, 9_000_000, None), (40_000, 300, 200 * 160, None), (3000, 300, 0, None),
])
def test_a_stream_that_moves_is_known_where_its_numbers_and_timestamps_go_on(
    start: float, first: int, origin: int, continues: int | None
) -> None:
    moved_on = talk(C, B, start=start, seconds=4, first=first, origin=origin)
    one, two = streams(talk(start=1020, seconds=4), moved_on)
    assert (one.continues, two.continues) == (None, continues)


def test_a_session_has_its_keys_wherever_it_moves() -> None:
    there = [(time + 5000, C if src == A else src, C if dst == A else dst, octets) for time, src, dst, octets in both()]
    media = [*talk(seconds=4, payload_type=111), *talk(C, B, start=5100, seconds=4, payload_type=111, first=300)]
    assert [each.encrypted for each in streams(both(), agreed(100), there, media)] == [True, True]
    other = [(*told[:3], told[3].replace(b"AAAA", b"CCCC")) for told in there]
    assert [each.encrypted for each in streams(both(), agreed(100), other, media)] == [True, False]
