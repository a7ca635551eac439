"""What was sent again of a stream, by RTX or under its own number, and what that is worth to the listener."""

from __future__ import annotations

import pytest

from dissectors.report import Repair, Report, Stream
from tests.finding_cases.repair import ASKED, LOST, RTX, VIDEO, again, missing, nack, pictures, pli, reports, rtx
from tests.stories import A, B, Story, dialled, report, talk
from tests.stories import rtp as datagram


def repaired(story: Story) -> tuple[Stream, Repair]:
    (stream,) = (each for each in report(story).streams if each.ssrc == VIDEO)
    assert stream.repair is not None
    return stream, stream.repair


def severities(made: Report, *ids: str) -> list[str]:
    return [each.severity for each in made.findings if each.id in ids]


@pytest.mark.parametrize("nacks", [ASKED, []])
def test_rtx_is_told_by_its_content_with_nacks_and_without(nacks: Story) -> None:
    stream, repair = repaired([*pictures(lost=missing), *nacks, *rtx()])
    assert (repair.rtx_ssrc, repair.rtx_packets, repair.restored, repair.in_time) == (RTX, 36, 36, 36)
    assert (repair.asked, repair.by_rtx, repair.by_number) == (len(nacks), len(nacks), 0)
    assert stream.lost == repair.lost == 36 and repair.longest_left == 0
    assert repair.median_ms == repair.longest_ms == (20.0 if nacks else 25.0)


def test_a_few_packets_of_rtx_are_told_too() -> None:
    _, repair = repaired([*pictures(lost=lambda n: n in (100, 300, 500)), *rtx((100, 300, 500))])
    assert (repair.restored, repair.rtx_ssrc) == (3, RTX)


def test_a_stream_that_begins_like_rtx_of_other_numbers_repairs_nothing() -> None:
    others = rtx([n + 2 for n in LOST])
    (stream,) = (each for each in report([*pictures(lost=missing), *others]).streams if each.ssrc == VIDEO)
    assert stream.repair is None


def test_repairs_under_their_own_number_are_neither_late_nor_twice() -> None:
    before = report([*pictures(lost=missing), *ASKED, *again()])
    behind = report([*pictures(), *ASKED, *again()])
    assert [stream.reordered for stream in before.streams] == [stream.duplicates for stream in behind.streams] == [36]
    for made in (before, behind):
        assert not severities(made, "stream-reordered", "stream-duplicates")
        assert severities(made, "loss-repaired") == ["note"]


def test_what_comes_late_without_being_asked_for_is_reordered() -> None:
    assert severities(report([*pictures(lost=missing), *again()]), "stream-reordered") == ["note"]


def test_loss_that_was_repaired_in_time_is_no_loss() -> None:
    bad = ("stream-loss", "loss-bursts", "loss-in-capture")
    runs = [n for n in range(900) if n % 100 in range(20, 28)]
    lossy = pictures(lost=lambda n: n in runs)
    assert severities(report([*lossy, *reports()]), *bad) == ["error", "warning", "warning"]
    assert not severities(report([*lossy, *rtx(runs, 120), *reports()]), *bad)
    assert severities(report([*lossy, *rtx(runs, 900), *reports()]), *bad) == ["error"]


def test_what_was_not_repaired_is_still_lost() -> None:
    stream, repair = repaired([*pictures(lost=missing), *ASKED, *rtx(LOST[::2])])
    made = report([*pictures(lost=missing), *ASKED, *rtx(LOST[::2])])
    (loss,) = (each for each in made.findings if each.id == "stream-loss")
    assert "18 of them repaired in time" in loss.what
    assert (repair.asked, repair.answered, stream.lost) == (36, 18, 36)


def test_speech_that_was_repaired_sounds_as_if_nothing_was_lost() -> None:
    def lost(n: int) -> bool:
        return n % 20 == 7

    speech = [*dialled(), *talk(lost=lost)]
    numbers = [n for n in range(495) if lost(n)]
    mended = [
        (1020 + 20 * n + 60, A, B, datagram(place, 0xCCCC0001, 97, 160 * n, (100 + n).to_bytes(2, "big") + bytes(160)))
        for place, n in enumerate(numbers)
    ]
    poor, good = (
        next(stream.quality for stream in report(story).streams if stream.ssrc == 77)
        for story in (speech, [*speech, *mended])
    )
    assert poor and good and poor.mos and good.mos and poor.mos < 3.6 < good.mos


def test_a_nack_for_which_the_stream_ends_too_soon_is_not_unanswered() -> None:
    story = [*pictures(5), *(nack(4500 + n, n) for n in range(300, 310))]
    (stream,) = report(story).streams
    assert stream.repair and (stream.repair.asked, stream.repair.unanswered) == (0, None)


def test_requests_for_key_frames_alone_repair_nothing() -> None:
    (stream,) = report([*pictures(), *pli((100,))]).streams
    assert stream.repair is None and stream.feedback and stream.feedback.pli == 1
