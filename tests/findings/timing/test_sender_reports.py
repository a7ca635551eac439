"""Sender reports against what was sent."""

from __future__ import annotations

import random
import struct

import pytest

from dissectors.analysis.streams.sender_clock import NTP_EPOCH_SECONDS
from tests.finding_cases.numbers import pictured, reported
from tests.finding_cases.video import film
from tests.found import found, frames
from tests.stories import A, B, Story, talk


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


def clocked(rate: float, wall: float = 1.0, seconds: int = 20) -> Story:
    """Reports each second whose timestamps advance `rate` a second, and their NTP time so many seconds."""
    told: Story = []
    for n in range(1, seconds):
        ntp = int((1 + n * wall + NTP_EPOCH_SECONDS) * (1 << 32)) if wall >= 0 else 0
        stamp = round(n * rate) & 0xFFFFFFFF
        told.append((1020 + 1000 * n, A, B, struct.pack(">BBHIQIII", 0x80, 200, 6, 77, ntp, stamp, 1, 160)))
    return told


@pytest.mark.parametrize(
    ("rate", "wall", "words"),
    [
        (48_000, 1.0, "their timestamps advance 48,000 a second, those of the media advance 8,000"),
        (4000, 1.0, "their timestamps advance 4,000 a second"),
        (8800, 1.0, "their timestamps advance 8,800 a second"),
        (0, 1.0, "their timestamps stand still, those of the media advance 8,000"),
        (8000, 0.0, "their NTP time stands still"),
        (8000, 1.1, "their NTP time advances 1.1 s in a second"),
    ],
)
def test_reports_that_come_more_and_more_apart_say_how_fast(rate: float, wall: float, words: str) -> None:
    (told,) = found([*talk(seconds=20), *clocked(rate, wall)], "sender-report-wrong")
    assert words in told.what and told.severity == "note" and len(frames(told)) == 1
    beside = [*talk(seconds=20), *clocked(rate, wall), *pictured()]
    assert [each.severity for each in found(beside, "sender-report-wrong")] == ["warning"]


def test_reports_of_no_clock_are_told() -> None:
    dice = random.Random(9)
    story = [(t, a, b, octets[:16] + dice.randbytes(4) + octets[20:]) for t, a, b, octets in clocked(8000)]
    (told,) = found([*talk(seconds=20), *story], "sender-report-wrong")
    assert "their timestamps are of no clock" in told.what


@pytest.mark.parametrize(
    "story",
    [
        [*talk(seconds=20), *clocked(8000)],
        [*talk(seconds=20, fast=300), *clocked(8000)],
        [*talk(seconds=20), *clocked(0, -1)],
        [*talk(seconds=20), *clocked(4000)[:3]],
        [*talk(seconds=20), *((t + 120 * (n % 3), *rest) for n, (t, *rest) in enumerate(clocked(8000)))],
    ],
    ids=["right", "a little fast", "neither clock", "too few", "reports on a slow way"],
)
def test_what_is_right_or_says_nothing_is_not_accused(story: Story) -> None:
    assert not found(story, "sender-report-wrong")


def test_reports_that_are_ahead_may_be_right_where_media_come_late() -> None:
    (told,) = found([*talk(), *reported(-900, 0), *pictured()], "sender-report-wrong")
    assert "either the media come 0.90 s late, or the reports are wrong" in told.what
    (behind,) = found([*talk(), *reported(900, 0), *pictured()], "sender-report-wrong")
    assert "either" not in behind.what


def test_pictures_before_their_sound_are_told_as_pictures() -> None:
    ahead = [*talk(), *reported(0), *film(), *reported(250, 0, ssrc=79, clock=90_000, first=1000)]
    (told,) = found(ahead, "lip-sync")
    assert "the picture of a moment comes 249 ms earlier than its sound (SSRC 0x0000004D)" in told.what
