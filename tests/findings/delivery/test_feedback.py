"""What is told of feedback by RTCP: storms of requests, feedback that does not come, bitrates that collapse."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dissectors.findings.delivery.feedback import estimated
from dissectors.report import Estimate, Finding, Place
from tests.finding_cases.repair import (
    EVERY,
    FALLING,
    VIDEO,
    fir,
    pictures,
    pli,
    remb,
    reports,
    squeezed,
    transport_wide,
)
from tests.stories import A, B, Story, report, rtp


def found(id: str, story: Story) -> list[Finding]:
    return [each for each in report(story).findings if each.id == id]


def test_a_storm_says_how_many_how_often_and_whether_anything_followed() -> None:
    (storm,) = found("keyframe-requests", [*pictures(), *fir(range(2000, 6000, 100))])
    assert "40 requests for a key frame in 3.9 s, 10 a second (40 FIR in all)" in storm.what
    assert "not to be answered" in storm.what and storm.severity == "warning"
    large = pictures(size=lambda n: 9000 if n in (300, 301, 302) else 900)
    (storm,) = found("keyframe-requests", [*large, *pli(range(2000, 6000, 100))])
    assert "large enough for a key frame followed" in storm.what and "no picture" not in storm.what
    assert storm.certainty == "medium"


def vp8(seconds: float, keys: Iterable[int]) -> Story:
    """Pictures of VP8 from A to B, three datagrams each and 33 a second, some of them key frames, but no larger."""
    keys = set(keys)
    return [
        (n * EVERY, A, B, rtp(n, VIDEO, 96, n // 3 * 2700, VP8[min(n % 3, 1)][n // 3 in keys] + bytes(900), n % 3 == 2))
        for n in range(int(seconds * 1000 / EVERY))
    ]


VP8 = ((b"\x10\x11\0\0", b"\x10\x10\0\0\x9d\x01\x2a"), (b"\0\0\0\0",) * 2)


def test_key_frames_in_the_clear_say_whether_requests_are_answered() -> None:
    (storm,) = found("keyframe-requests", [*vp8(10, range(0, 300, 5)), *pli(range(2000, 6000, 200))])
    assert storm.what.endswith("; 32 key frames followed") and storm.certainty == "certain"
    (storm,) = found("keyframe-requests", [*vp8(20, range(0, 600, 3)), *pli(range(12_000, 16_000, 200))])
    assert "followed" not in storm.what
    (storm,) = found("keyframe-requests", [*vp8(10, (0,)), *pli(range(2000, 6000, 200))])
    assert storm.what.endswith("; no key frame followed")


@pytest.mark.parametrize(("keys", "count", "times"), [((0,), 8, 1), ((0, 180), 8, 0), ((), 8, 0), ((0,), 3, 0)])
def test_few_requests_are_told_where_the_payload_shows_no_answer(keys: tuple[int, ...], count: int, times: int) -> None:
    story = [*vp8(15, keys), *pli(range(5000, 5000 + 1000 * count, 1000))]
    assert len(found("keyframe-requests", story)) == times


def test_a_picture_that_is_off_is_asked_for_in_vain() -> None:
    paused = [each for each in vp8(25, (0,)) if not 4000 < each[0] < 20_000]
    assert not found("keyframe-requests", [*paused, *pli(range(8000, 16_000, 1000))])


def test_a_slow_rhythm_that_only_sizes_speak_of_is_a_timer() -> None:
    assert not found("keyframe-requests", [*pictures(60), *pli(range(5000, 55_000, 2000))])


@pytest.mark.parametrize(("every", "large", "times"), [(1000, False, 1), (1000, True, 0), (5000, False, 0)])
def test_requests_that_go_on_and_on_are_told_where_nothing_answers_them(every: int, large: bool, times: int) -> None:
    video = pictures(30, size=lambda n: 9000 if large and n % 300 < 3 else 900)
    assert len(found("keyframe-requests", [*video, *pli(range(2000, 29_000, every))])) == times


def test_feedback_is_missing_only_where_reports_come_back_without_it() -> None:
    numbered = pictures(extended=True)
    assert not found("feedback-missing", numbered)
    assert not found("feedback-missing", [*numbered, *reports(3)])
    assert not found("feedback-missing", [*pictures(), *reports()])
    assert not found("feedback-missing", [*numbered, *reports(), transport_wide(500)])
    (missing,) = found("feedback-missing", [*numbered, *reports(), remb(5000, 1_000_000, VIDEO)])
    assert "1 estimate by REMB instead" in missing.what and (missing.severity, missing.certainty) == ("note", "medium")


def test_a_collapse_gives_both_bitrates() -> None:
    (fall,) = found("bitrate-collapsed", [*pictures(12, size=squeezed()), *FALLING])
    assert "estimate falls from 900 kbit/s to 40 kbit/s" in fall.what
    assert "sent from 898 kbit/s to 42 kbit/s" in fall.what
    assert fall.severity == "warning" and len(fall.places) == 1


def test_what_falls_without_an_estimate_is_noted_while_pictures_go_on() -> None:
    (fall,) = found("bitrate-collapsed", pictures(20, size=squeezed()))
    assert (fall.severity, fall.certainty) == ("note", "medium") and len(fall.places) == 1
    told = [transport_wide(100.0 * n) for n in range(1, 190)]
    (fall,) = found("bitrate-collapsed", [*pictures(20, size=squeezed(), extended=True), *told])
    assert fall.severity == "warning"
    assert not found("bitrate-collapsed", [each for each in pictures(20, size=squeezed()) if each[0] < 9000])
    paused = [each for n, each in enumerate(pictures(20, size=squeezed())) if n < 600 or n % 99 == 0]
    assert not found("bitrate-collapsed", paused)


@pytest.mark.parametrize(("until", "every", "times"), [(25, 1, 1), (14, 1, 0), (25, 4, 0)])
def test_a_fall_that_ends_again_is_told_where_it_lasts_and_as_many_pictures_come(
    until: int, every: int, times: int
) -> None:
    def low(n: int) -> bool:
        return 1000 <= n < 100 * until

    video = pictures(40, size=lambda n: 90 if low(n) else 1200)
    story = [each for n, each in enumerate(video) if not low(n) or n // 3 % every == 0]
    falls = found("bitrate-collapsed", story)
    assert len(falls) == times and all("for 1" in fall.what and fall.severity == "note" for fall in falls)


@pytest.mark.parametrize(
    ("bitrates", "fall"),
    [
        ([300, 600, 900, 1200, 1500], None),
        ([1000, 1000, 200, 200, 200, 200], (1_000_000, 200_000)),
        ([1000, 1000, 200, 200, 900, 900], None),
        ([1000, 1000, 200, 200, 200], (1_000_000, 200_000)),
        ([1000, 600, 400, 300, 300, 300, 300], None),
        ([100, 100, 10, 10, 10, 10, 10], None),
        ([1000, 200, 200, 200, 200, 1000], (1_000_000, 200_000)),
    ],
)
def test_an_estimate_collapses_where_it_falls_to_a_quarter_and_stays(
    bitrates: list[int], fall: tuple[int, int] | None
) -> None:
    estimates = [Estimate(float(n), 1000 * each, Place(0, n + 1)) for n, each in enumerate(bitrates)]
    found = estimated(estimates)
    assert (found and (found.before, found.after)) == fall
