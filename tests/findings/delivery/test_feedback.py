"""What is told of feedback by RTCP: storms of requests, feedback that does not come, bitrates that collapse."""

from __future__ import annotations

import pytest

from dissectors.findings.delivery.feedback import estimated
from dissectors.report import Estimate, Finding, Place
from tests.finding_cases.repair import (
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
from tests.stories import Story, report


def found(id: str, story: Story) -> list[Finding]:
    return [each for each in report(story).findings if each.id == id]


def test_a_storm_says_how_many_how_often_and_whether_anything_followed() -> None:
    (storm,) = found("keyframe-requests", [*pictures(), *fir(range(2000, 6000, 100))])
    assert "40 requests for a key frame in 3.9 s, 10 a second (40 FIR in all)" in storm.what
    assert "not to be answered" in storm.what and storm.severity == "warning"
    large = pictures(size=lambda n: 9000 if n in (300, 301, 302) else 900)
    (storm,) = found("keyframe-requests", [*large, *pli(range(2000, 6000, 100))])
    assert "large enough for a key frame followed" in storm.what and "no picture" not in storm.what


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
    assert (fall.severity, fall.certainty) == ("note", "medium")
    told = [transport_wide(100.0 * n) for n in range(1, 190)]
    (fall,) = found("bitrate-collapsed", [*pictures(20, size=squeezed(), extended=True), *told])
    assert fall.severity == "warning"
    assert not found("bitrate-collapsed", [each for each in pictures(20, size=squeezed()) if each[0] < 9000])
    paused = [each for n, each in enumerate(pictures(20, size=squeezed())) if n < 600 or n % 99 == 0]
    assert not found("bitrate-collapsed", paused)


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
