"""What was sent again of a stream, by RTX or under its own number, and what that is worth to the listener."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from dissectors.analysis.streams.repairs import MAX_NUMBERS, Seen, _longest
from dissectors.mux.repairs import Hole
from dissectors.report import Repair, Report, SourceGroup, Stream
from tests.finding_cases.repair import ASKED, LOST, RTX, VIDEO, again, missing, nack, pictures, pli, reports, rtx
from tests.stories import A, B, Story, description, dialled, report, talk
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


def test_rtx_that_was_captured_twice_is_told_too() -> None:
    twice = [each for each in rtx() for _ in range(2)]
    _, repair = repaired([*pictures(lost=missing), *ASKED, *twice])
    assert (repair.rtx_ssrc, repair.by_rtx, repair.restored) == (RTX, 36, 36)


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


def test_repairs_that_come_after_more_than_a_hundred_packets_are_no_restart() -> None:
    runs = [n for n in range(700) if n % 100 in (20, 21, 22)]
    asked = [nack(n * 10 + 60, n) for n in runs]
    stream, repair = repaired([*pictures(lost=lambda n: n in runs), *asked, *again(runs, 1505)])
    assert (stream.lost, stream.restarts, repair.by_number, repair.asked) == (0, 0, 21, 21)


def test_what_comes_late_without_being_asked_for_is_reordered() -> None:
    assert severities(report([*pictures(lost=missing), *again()]), "stream-reordered") == ["note"]


def test_loss_that_was_repaired_in_time_is_no_loss() -> None:
    bad = ("stream-loss", "loss-bursts", "loss-in-capture")
    runs = [n for n in range(900) if n % 100 in range(20, 28)]
    lossy = pictures(lost=lambda n: n in runs)
    assert severities(report(lossy), *bad) == ["error", "warning"]
    # Of what the receiver had, whether by repairs that are not here or not, it lost nothing.
    assert severities(report([*lossy, *reports()]), *bad) == ["warning", "note", "note"]
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


APT = ("a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96;rtx-time=3000")
FID = (f"a=ssrc-group:FID {VIDEO} {RTX}",)


@pytest.mark.parametrize(("lines", "known"), [(APT, True), (FID, True), ((), False)])
def test_rtx_that_cannot_be_read_is_told_by_sdp_and_makes_loss_a_note(lines: tuple[str, ...], known: bool) -> None:
    ends = [description(*end, *lines, kind="video", media="RTP/AVPF 96 97") for end in (A, B)]
    chance = random.Random(5)
    runs = [n for n in range(900) if n % 100 in range(20, 28)]
    sealed = [(*each[:3], each[3][:12] + chance.randbytes(len(each[3]) - 12)) for each in rtx(runs)]
    story = [*dialled(*ends), *pictures(lost=lambda n: n in runs), *sealed]
    (stream,) = (each for each in report(story).streams if each.ssrc == VIDEO)
    assert bool(stream.repair and stream.repair.rtx_packets == 72) == known
    assert not stream.repair or not stream.repair.restored
    told = [each for each in report(story).findings if each.id in ("stream-loss", "loss-bursts")]
    assert [each.severity for each in told] == (["note", "note"] if known else ["error", "warning"])
    assert ("72 packets of RTX may have repaired them" in told[0].what) == known


def test_nacks_are_not_without_an_answer_where_rtx_cannot_be_read() -> None:
    ends = [description(*end, *APT, kind="video", media="RTP/AVPF 96 97") for end in (A, B)]
    sealed = [(*each[:3], each[3][:12] + b"\x55" * (len(each[3]) - 12)) for each in rtx()]
    for more, times in ((sealed, 0), ([], 1)):
        made = report([*dialled(*ends), *pictures(lost=missing), *ASKED, *more])
        assert len(severities(made, "loss-not-repaired")) == times


def test_groups_of_sources_are_read_and_bounded() -> None:
    many = [f"a=ssrc-group:SIM {' '.join(map(str, range(99)))}"] * 40
    lines = (*FID, "a=ssrc-group:FID x y", "a=ssrc-group:FID", *many)
    (call,) = report(dialled(description(*A, *lines), description(*B))).calls
    groups = call.descriptions[0].media[0].groups
    assert groups[0] == SourceGroup("FID", (VIDEO, RTX)) and len(groups) <= 16
    assert all(len(group.ssrcs) <= 16 for group in groups)


def test_numbers_that_are_missing_again_and_again_are_looked_at_only_so_often() -> None:
    looked: list[int] = []

    class Left(set[int]):
        def __contains__(self, number: object) -> bool:
            looked.append(0)
            return super().__contains__(number)

    counters: Any = SimpleNamespace(holes=[Hole(0, 100, 3000)] * 200, late=[], last=0, worst_loss=None)
    assert _longest(counters, Left(range(100, 3100))) == 3000 and len(looked) == MAX_NUMBERS
    assert Seen(counters, {}).to_report(None, None, None, 0).more
