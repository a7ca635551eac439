"""Silence and what looks like it: comfort noise, longer frames, jumps."""

from __future__ import annotations

import pytest

from dissectors.report import Stream
from tests.finding_cases.numbers import renumbered, spurts
from tests.stories import A, B, Story, description, dialled, report, rtp, talk


def of(story: Story, *lines: str, media: str = "RTP/AVP 97") -> Stream:
    """The caller's stream in a call that announces it so."""
    ends = [description(*end, *lines, media=media) for end in (A, B)]
    (stream,) = report([*dialled(*ends), *story]).streams
    return stream


@pytest.mark.parametrize(
    ("line", "step", "noise", "size", "quiet"),
    [
        ("a=rtpmap:97 AMR-WB/16000", 320, 160, 61, 7), ("a=rtpmap:97 AMR/8000", 160, 160, 32, 6),
        ("a=rtpmap:97 EVS/16000", 320, 160, 33, 6), ("a=rtpmap:97 opus/48000/2", 960, 400, 80, 1),
        ("a=rtpmap:97 opus/48000/2", 960, 400, 90, 11),
    ],
)
def test_comfort_noise_and_the_time_behind_it_are_silent(
    line: str, step: int, noise: float, size: int, quiet: int
) -> None:
    timing = of(spurts(97, step, noise, size, quiet), line).timing
    assert timing is not None and timing.silence == pytest.approx(2 / 3, abs=0.02)
    assert timing.rhythm_ms == noise


def test_a_sender_that_is_muted_all_the_time_is_silent_all_the_time() -> None:
    story = talk(payload_type=97, every=160, step=2560, size=7, seconds=12)
    timing = of(story, "a=rtpmap:97 AMR-WB/16000").timing
    assert timing is not None and timing.silence == pytest.approx(1)


def test_comfort_noise_of_its_own_payload_type_is_silent_too() -> None:
    timing = of(spurts(0, 160, 100, 160, 1, noise_type=13), media="RTP/AVP 0 13").timing
    assert timing is not None and timing.silence == pytest.approx(2 / 3, abs=0.02)
    assert timing.rhythm_ms == 100


def test_longer_frames_for_a_while_are_no_silence() -> None:
    story = [*talk(seconds=5), *talk(start=6020, first=350, origin=250 * 160, every=40, step=320, size=320, seconds=5)]
    timing = of(story, media="RTP/AVP 0").timing
    assert timing is not None and timing.silence == 0 and timing.frame == 160


def test_what_an_unknown_codec_sends_now_and_then_is_not_called_silence() -> None:
    (stream,) = report(spurts(120, 320, 160, 61, 60)).streams
    assert stream.codec is None and stream.timing is not None and stream.timing.silence is None


@pytest.mark.parametrize("seconds", [-100, 100])
def test_a_jump_is_no_silence(seconds: int) -> None:
    story = [*talk(seconds=5), *talk(start=6020, first=350, origin=250 * 160 + seconds * 8000, seconds=5)]
    timing = of(story, media="RTP/AVP 0").timing
    assert timing is not None and timing.jumps == 1 and timing.silence == 0


def test_so_many_jumps_that_not_all_are_known_leave_nothing_to_say() -> None:
    story = [(1020 + n * 20, A, B, rtp(n, 77, 0, 0 if n % 20 == 9 else 500_000 + n * 160)) for n in range(400)]
    timing = of(story, media="RTP/AVP 0").timing
    assert timing is not None and timing.jumps == 40 and timing.silence is None


def test_a_frame_or_two_that_are_missing_are_no_silence() -> None:
    timing = of(renumbered(lambda n: n % 17 in (5, 6) and n > 100), media="RTP/AVP 0").timing
    assert timing is not None and timing.silence == 0 and timing.unnumbered == 2 * 53


def test_pauses_and_longer_frames_leave_nothing_unnumbered() -> None:
    pausing = renumbered(lambda n: n % 100 > 60 or n % 100 == 30)
    noisy = [(*each[:3], each[3][: -n % 3 - 3]) for n, each in enumerate(renumbered(lambda n: n % 17 == 5))]
    for story in (pausing, noisy):
        timing = of(story, media="RTP/AVP 0").timing
        assert timing is not None and timing.silence and timing.unnumbered == 0
