"""Sender reports against what was sent."""

from __future__ import annotations

import pytest

from tests.finding_cases.numbers import pictured, reported
from tests.found import found, frames
from tests.stories import Story, talk


@pytest.mark.parametrize(
    ("old", "wall", "beside", "severity", "words"),
    [
        (700, None, True, "warning", "0.70 s old when they are sent, NTP time and timestamp alike"),
        (700, 0, True, "warning", "0.70 s behind what is sent then, against their NTP time"),
        (-900, 0, True, "warning", "0.90 s ahead of what is sent then, against their NTP time"),
        (700, None, False, "warning", "0.70 s behind what is sent then"),
        (50_000_000, 0, False, "note", "of another clock (50,000 s from what is sent then)"),
    ],
)
def test_reports_say_how_far_they_are_off_and_in_which_clock(
    old: float, wall: float | None, beside: bool, severity: str, words: str
) -> None:
    story = [*talk(), *reported(old, wall), *(pictured() if beside else [])]
    (told,) = found(story, "sender-report-wrong")
    assert words in told.what and told.severity == severity and "0x0000004D" in told.what
    assert len(frames(told)) == 1 and told.time == 2.0


@pytest.mark.parametrize(
    "story",
    [
        [*talk(), *reported(700)[:2]],
        [*talk(), *reported(0)[::2], *reported(700)[1::2]],
        [*talk(seconds=3), *reported(700)[4:]],
        [*talk(seconds=5), *talk(start=6020, first=350, origin=2_000_000_000, seconds=4.9), *reported(0)],
    ],
    ids=["two are too few", "some are right", "nothing was sent then", "timestamps jumped meanwhile"],
)
def test_what_may_be_right_is_not_accused(story: Story) -> None:
    assert not [each for each in found(story, "sender-report-wrong") if each.severity != "note"]
