"""What is told of losses that were repaired, and of those that nobody repaired."""

from __future__ import annotations

import pytest

from dissectors.report import Finding
from tests.finding_cases.repair import ASKED, EVERY, LOST, again, missing, pictures, rtx
from tests.stories import A, B, Story, description, dialled, report


def found(id: str, story: Story) -> list[Finding]:
    return [each for each in report(story).findings if each.id == id]


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ([*ASKED, *rtx()], "36 of 36 packets that NACKs asked for came again, 36 by RTX (SSRC 0xAAAA0002), 20 ms"),
        ([*ASKED, *again(after=45)], "came again, 36 under their own numbers, 30 ms after the NACK, 30 ms at most"),
        (rtx(), "36 of 36 lost packets came again, 36 by RTX (SSRC 0xAAAA0002), 25 ms after the gap, 25 ms at most"),
    ],
)
def test_a_repair_says_how_many_by_what_and_how_fast(story: Story, words: str) -> None:
    (repair,) = found("loss-repaired", [*pictures(lost=missing), *story])
    assert words in repair.what and repair.severity == "note"


def test_what_nothing_answers_is_told_wherever_it_was_lost() -> None:
    for video in (pictures(lost=missing), pictures()):
        (nothing,) = found("loss-not-repaired", [*video, *ASKED])
        assert "36 of 36 packets" in nothing.what and (nothing.severity, nothing.certainty) == ("warning", "high")


@pytest.mark.parametrize(("answered", "severity"), [(LOST[:12], "warning"), (LOST[:24], "note"), (LOST[:33], None)])
def test_what_is_answered_for_the_most_part_is_less_bad(answered: list[int], severity: str | None) -> None:
    told = found("loss-not-repaired", [*pictures(lost=missing), *ASKED, *rtx(answered)])
    assert [each.severity for each in told] == ([severity] if severity else [])


def test_a_few_that_do_not_come_are_not_told() -> None:
    assert not found("loss-not-repaired", [*pictures(lost=missing), *ASKED[:2]])


def test_what_sends_again_may_pause_while_nothing_is_lost() -> None:
    lost = [*range(100, 125), *range(800, 825)]
    video, repairs = pictures(lost=lambda n: n in lost), rtx(lost)
    (gap,) = found("media-gap", repairs)
    assert "SSRC 0xAAAA0002" in gap.what and "nothing for 6.8 s" in gap.what
    assert found("loss-repaired", [*video, *repairs]) and not found("media-gap", [*video, *repairs])


def test_what_is_sent_again_once_more_is_no_jump_of_timestamps() -> None:
    lost = range(20, 320)
    video, sent_again = pictures(20, lost=lambda n: n in lost), rtx(lost)
    once_more = [
        (9000 + place * EVERY, src, dst, octets[:2] + (800 + place).to_bytes(2, "big") + octets[4:])
        for place, (_, src, dst, octets) in enumerate(sent_again[:40])
    ]
    repairs = [*sent_again, *once_more]
    (jump,) = found("timestamp-jump", repairs)
    assert "SSRC 0xAAAA0002" in jump.what and "timestamps jump back by 272,700" in jump.what
    assert found("loss-repaired", [*video, *repairs]) and not found("timestamp-jump", [*video, *repairs])


@pytest.mark.parametrize(("named", "severity"), [(1, "warning"), (0, None)])
def test_rtx_that_names_other_numbers_repairs_nothing(named: int, severity: str | None) -> None:
    lines = ("a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96")
    ends = [description(*end, *lines, kind="video", media="RTP/AVPF 96 97") for end in (A, B)]
    named_otherwise = [
        (time, src, dst, octets[:12] + (int.from_bytes(octets[12:14], "big") + named).to_bytes(2, "big") + octets[14:])
        for time, src, dst, octets in rtx()
    ]
    story = [*dialled(*ends), *pictures(lost=missing), *ASKED, *named_otherwise]
    told = found("loss-not-repaired", story)
    assert [each.severity for each in told] == ([severity] if severity else [])
    assert [each.severity for each in found("stream-loss", story)] == ([severity] if severity else [])
    assert all("36 packets of RTX name other numbers" in each.what for each in told)
