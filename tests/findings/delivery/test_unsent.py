"""RTCP about sources that nobody sends."""

from __future__ import annotations

import struct

import pytest

from dissectors.report import Finding
from tests.finding_cases.repair import VIDEO, feedback, pictures
from tests.found import found
from tests.stories import ANSWER, OFFER, A, B, Story, description, dialled, report, talk

OTHER = 0xDEAD


def misdirected(story: Story) -> list[Finding]:
    return found(story, "feedback-misdirected")


def blocks(times: range, ssrc: int = OTHER) -> Story:
    """Receiver reports about a source."""
    body = struct.pack("!BBHII20x", 0x81, 201, 7, 78, ssrc)
    return [(time, B, A, body) for time in times]


def asked(times: range, ssrc: int = OTHER) -> Story:
    """Requests for key frames of a source."""
    return [feedback(time, 206, 1, target=ssrc) for time in times]


def test_key_frames_of_a_source_that_nobody_sends_are_told_with_what_is_sent() -> None:
    (told,) = misdirected([*pictures(20), *asked(range(2000, 18_000, 500))])
    assert "32 PLI are about SSRC 0x0000DEAD" in told.what and f"sent is 0x{VIDEO:08X}" in told.what
    assert (told.severity, told.certainty, len(told.places)) == ("warning", "high", 1)
    (named,) = report([*pictures(20), *asked(range(2000, 18_000, 500))]).unsent
    assert (named.ssrc, named.pli, named.reports, named.first, named.last) == (OTHER, 32, 0, 2.0, 17.5)


def test_reports_on_a_source_that_nobody_sends_are_a_note() -> None:
    (told,) = misdirected([*pictures(40), *blocks(range(2000, 38_000, 3000))])
    assert "12 receiver reports are about" in told.what and (told.severity, told.certainty) == ("note", "medium")


@pytest.mark.parametrize(
    "story",
    [
        [*pictures(20), *asked(range(2000, 18_000, 500), VIDEO)],
        [*pictures(20), *asked(range(2000, 3000, 500))],
        [*pictures(20), *asked(range(2000, 18_000, 500)), *talk(ssrc=OTHER, start=19_000)],
        [*talk(B, A, 78, seconds=20), *asked(range(2000, 18_000, 500))],
        [*pictures(40), *blocks(range(500, 12_000, 3000))],
        [*pictures(20), *asked(range(2000, 18_000, 500), 0)],
    ],
    ids=["one that is sent", "twice", "one that begins later", "one direction", "ended before", "no number"],
)
def test_what_has_another_reason_accuses_nobody(story: Story) -> None:
    assert not misdirected(story)


def test_a_source_that_is_announced_may_not_have_begun() -> None:
    story = [*pictures(20), *asked(range(2000, 18_000, 500))]
    call = [*dialled(description(*A, f"a=ssrc:{OTHER} cname:x"), ANSWER), *story]
    assert [each.severity for each in misdirected(call)] == ["note"]
    assert [each.severity for each in misdirected([*dialled(OFFER, ANSWER), *story])] == ["warning"]
