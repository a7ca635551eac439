"""Frames of video in the report: how many, how fast, and which of them are key frames."""

from __future__ import annotations

import pytest

from dissectors.protocols import rtp
from dissectors.report import KeyFrames, Stream, Video
from tests.finding_cases.video import EVERY_MS, film
from tests.mux.test_key_frames import VP8_HEADER
from tests.stories import A, B, Story, description, dialled, report

KEYS = (0, 60, 200)


def coded(key: bytes, other: bytes, *, described: int = 0, media: int = 900) -> Story:
    """Ten seconds of pictures of which a few are key frames; with `described` all have a descriptor of that id."""
    story: Story = []
    for frame in range(300):
        for k in range(3):
            start = (key if frame in KEYS else other) if k == 0 else b"\0"
            begins = 0x80 * (k == 0) | 0x40 * (k == 2)
            data = bytes((begins,)) + frame.to_bytes(2, "big")
            data += b"\x80\0" if k == 0 and frame in KEYS else b""
            element = bytes((described << 4 | len(data) - 1,)) + data
            extension = (0xBEDE, element + bytes(-len(element) % 4)) if described else None
            octets = rtp.build(
                96, 3 * frame + k, 3000 * frame, 79, start + bytes(media), marker=k == 2, extension=extension
            )
            story.append((1020 + frame * EVERY_MS + k * 0.3, A, B, octets))
    return story


def shown(story: Story, *lines: str) -> Stream:
    """The stream of a call that names it so."""
    ends = [description(*end, *lines, media="RTP/AVP 96", kind="video") for end in (A, B)]
    (stream,) = report([*dialled(*ends), *story]).streams
    return stream


def keys(stream: Stream) -> KeyFrames:
    assert stream.video is not None and stream.video.key_frames is not None
    return stream.video.key_frames


@pytest.mark.parametrize(
    ("codec", "key", "other"),
    [
        ("VP8", b"\x10" + VP8_HEADER, b"\x10\x51" + VP8_HEADER[1:]),
        ("VP9", b"\x08\0", b"\x48\0"),
        ("H264", b"\x65\x88", b"\x41\x9a"),
        ("H265", b"\x26\1", b"\2\1"),
        ("AV1", b"\x18\x0a", b"\x10\x32"),
    ],
)
def test_key_frames_are_told_by_the_payload(codec: str, key: bytes, other: bytes) -> None:
    found = keys(shown(coded(key, other), f"a=rtpmap:96 {codec}/90000"))
    assert (found.count, found.by, found.certainty) == (3, "payload", "certain")
    assert [round((each.time - 1.02) * 1000 / EVERY_MS) for each in found.listed] == [*KEYS]
    assert all(each.place is not None for each in found.listed)


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_encrypted_is_told_by_its_descriptor(announced: bool) -> None:
    uri = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
    named = (f"a=extmap:12 {uri}",) * announced
    found = keys(shown(coded(b"\x91", b"\x17", described=12), "a=rtpmap:96 VP8/90000", "a=fingerprint:x y", *named))
    assert (found.count, found.by, found.certainty) == (3, "descriptor", "high" if announced else "medium")


def test_a_guess_goes_by_size_and_takes_the_first_frame_too() -> None:
    story = [
        (time, src, dst, octets + bytes(9000) if n // 3 in KEYS and n % 3 == 0 else octets)
        for n, (time, src, dst, octets) in enumerate(film())
    ]
    (stream,) = report(story).streams
    found = keys(stream)
    assert (found.count, found.by, found.certainty) == (3, "size", "low")


def test_nothing_is_said_of_key_frames_where_no_frame_is_large() -> None:
    (stream,) = report(film()).streams
    assert stream.video is not None and stream.video.frames == 300 and stream.video.key_frames is None
    story = coded(b"\x10\x51" + VP8_HEADER[1:], b"\x10\x51" + VP8_HEADER[1:])
    found = keys(shown(story, "a=rtpmap:96 VP8/90000"))
    assert (found.count, found.by, found.certainty) == (0, "payload", "certain")


def test_frames_and_their_rate_are_counted_over_time() -> None:
    (stream,) = report(film()).streams
    video = stream.video
    assert isinstance(video, Video)
    assert (video.frames, video.incomplete, video.frozen) == (300, 0, 0)
    assert video.frames_per_second == pytest.approx(30, rel=0.01) and video.interval_ms == pytest.approx(EVERY_MS)
    frames = [moment.frames for moment in stream.timeline]
    assert frames == sorted(frames) and frames[-1] > 250
