"""What is told of loss, of where it happened, and of quality."""

from __future__ import annotations

import pytest

from dissectors.findings.delivery.delivery import verdict
from dissectors.wire.values import replace
from tests.finding_cases.repair import ASKED, RTX, VIDEO, missing, pictures, rtx
from tests.finding_cases.video import twice
from tests.found import found
from tests.made import Endpoint
from tests.stories import (
    OTHER_SERVER,
    A,
    B,
    C,
    Story,
    description,
    dialled,
    only,
    receiver_report,
    report,
    request,
    sender_report,
    talk,
)


@pytest.mark.parametrize(
    ("theirs", "ours", "packets", "where"),
    [
        (0, 0, 1000, None),
        (4, 0, 100, None),
        (6, 0, 100, "behind"),
        (40, 0, 5000, None),
        (60, 0, 5000, "behind"),
        (110, 100, 1000, "before"),
        (130, 100, 1000, "behind"),
        (70, 100, 1000, "in"),
        (0, 6, 100, "in"),
        (20, 60, 5000, None),
        (-3, 6, 100, "in"),
    ],
)
def test_two_counts_of_loss_say_where_it_happened(theirs: int, ours: int, packets: int, where: str | None) -> None:
    assert verdict(theirs, ours, packets) == where


def test_what_was_lost_before_the_capture_began_is_not_lost_behind_it() -> None:
    late = [*talk(), *(receiver_report(t, 77, lost=900) for t in (2000, 10_900))]
    (stream,) = report(late).streams
    assert stream.rtcp is not None and (stream.rtcp.cumulative_lost, stream.rtcp.lost_at_first) == (900, 900)
    assert not [each.id for each in report(late).findings if each.id.startswith("loss-")]


def test_a_receiver_that_got_nothing_is_told_as_loss_behind_the_capture() -> None:
    times = (2000, 6000, 10_900)
    (told,) = found([*talk(), *(receiver_report(t, 77, highest=0, lost=1) for t in times)], "loss-behind-capture")
    assert told.what.endswith("all 3 reports of the receiver say that it got no packet")
    for reports in (
        [receiver_report(t, 77, highest=100 + t // 20) for t in times],
        [receiver_report(2000, 77, highest=0), receiver_report(6000, 77, highest=400)],
        [receiver_report(t, 77, highest=0, jitter=5) for t in times],
    ):
        assert not found([*talk(), *reports], "loss-behind-capture")
    every = [receiver_report(t, 77, fraction=0.99, lost=(t - 1000) // 20) for t in times]
    (told,) = found([*talk(), *every], "loss-behind-capture")
    assert told.what.endswith("0 lost here, 445 by the receiver's count: all that was sent meanwhile")


def test_no_round_trip_is_believed_of_a_dlsr_in_milliseconds() -> None:
    """DLSR counts 65,536 a second (RFC 3550 section 6.4.1): a thousand of them are 15 ms."""
    def answered(units: int, delays: tuple[float, ...], way: float = 40) -> Story:
        return [
            told for n, delay in enumerate(delays) for told in (
                sender_report(2000 + 3000 * n),
                receiver_report(2000 + 3000 * n + way + 1000 * delay, 77, lsr=0x10000, dlsr=delay * units / 65536),
            )
        ]

    for delays in ((0.9, 1.4, 2.3), (1.0, 1.0, 1.0)):
        wrong = [*talk(), *answered(1000, delays)]
        assert not ranked(wrong, "round-trip-long", "quality-poor")
        assert only(wrong).rtcp == replace(only([*talk(), *answered(65536, delays)]).rtcp, round_trip_ms=None)
    (told,) = found([*talk(), *answered(65536, (0.5, 1.0, 0.1), way=600)], "round-trip-long")
    assert told.what.endswith(" 600 ms")


def test_one_lost_of_five_is_told_without_alarm() -> None:
    (loss,) = (each for each in report(talk(seconds=0.12, lost=lambda n: n == 3)).findings if each.id == "stream-loss")
    assert loss.severity == "note" and "1 of 6 lost" in loss.what


def test_a_codec_that_costs_much_is_no_fault_of_the_path() -> None:
    ends = [description(*end, "a=rtpmap:98 G726-16/8000", media="RTP/AVP 98") for end in (A, B)]
    (poor,) = (
        each
        for each in report([*dialled(*ends), *talk(payload_type=98, size=40)]).findings
        if each.id == "quality-poor"
    )
    assert poor.severity == "note" and "G.726 at 16 kbit/s" in poor.what


def long_hole(src: Endpoint = A, dst: Endpoint = B, ssrc: int = 77, seconds: int = 30, start: float = 1020) -> Story:
    """A minute of talk of which some seconds are missing."""
    return talk(src, dst, ssrc, start=start, seconds=60, lost=lambda n: 600 <= n < 600 + 50 * seconds)


def ranked(story: Story, *ids: str) -> list[tuple[str, str]]:
    return [(each.severity, each.id) for each in report(story).findings if each.id in ids]


LOSSES = ("stream-loss", "loss-bursts", "quality-poor", "media-gap")


def test_a_long_hole_in_one_stream_is_a_moment_and_no_rate_of_loss() -> None:
    story = [*long_hole(), *talk(B, A, 78, seconds=60)]
    assert ranked(story, *LOSSES) == [("warning", "media-gap")]
    stream = report(story).streams[0]
    assert (stream.lost, stream.rated_loss, stream.loss_rate) == (1500, (0, 1500), 0.0)
    assert stream.quality is not None and stream.quality.mos is not None and stream.quality.mos > 4.3
    assert "without 1,500 packets that are missing in long gaps" in stream.quality.basis
    ((missing, counted),) = [(gap.missing, gap.counted) for gap in stream.gaps]
    assert (missing, counted) == (1500, True)


def test_what_is_lost_beside_a_long_hole_is_told_as_before() -> None:
    story = talk(seconds=60, lost=lambda n: 600 <= n < 2100 or n % 10 == 3)
    (loss,) = [each for each in report(story).findings if each.id == "stream-loss"]
    assert loss.severity == "error" and "150 of 1,500 lost (10.0%), beside 1,500 in long gaps" in loss.what
    assert ("error", "quality-poor") in ranked(story, *LOSSES)


def test_a_hole_of_all_that_was_there_is_the_captures() -> None:
    both = [*long_hole(), *long_hole(B, A, 78)]
    assert ranked(both, *LOSSES) == [("note", "media-gap"), ("note", "media-gap")]
    whats = {each.what.partition(":")[2] for each in report(both).findings if each.id == "media-gap"}
    assert all(what.endswith("are not in the capture, nor is anything else of that time") for what in whats)
    # Another stream, or a message, came meanwhile: the capture ran.
    assert ("note", "media-gap") not in ranked([*both, *talk(C, OTHER_SERVER, 79, seconds=60)], *LOSSES)
    assert ("note", "media-gap") not in ranked([*both, *talk(C, OTHER_SERVER, 79, start=20_000, seconds=2)], *LOSSES)
    assert ("note", "media-gap") not in ranked([*both, request(30_000, "OPTIONS")], *LOSSES)
    # Holes at different times have different causes.
    assert ("note", "media-gap") not in ranked([*long_hole(), *long_hole(B, A, 78, seconds=20)], *LOSSES)


def test_shorter_outages_are_loss() -> None:
    story = [*long_hole(seconds=4), *talk(B, A, 78, seconds=60)]
    assert {("error", "stream-loss"), ("warning", "loss-bursts")} <= set(ranked(story, *LOSSES))


def test_a_sender_that_was_silent_for_long_lost_nothing() -> None:
    early, late = talk(seconds=20), talk(seconds=20, start=51_020, first=1100, origin=8000 * 50)
    assert not report([*early, *late]).streams[0].gaps


def test_loss_that_the_receiver_did_not_have_is_no_fault_of_the_path() -> None:
    story = talk(seconds=20, lost=lambda n: n % 5 == 3)
    heard = [receiver_report(t, 77, lost=0) for t in (2000, 8000, 20_900)]
    assert ("error", "stream-loss") in ranked(story, *LOSSES) and ("error", "quality-poor") in ranked(story, *LOSSES)
    assert {severity for severity, _ in ranked([*story, *heard], *LOSSES)} == {"note"}
    assert ranked([*story, *heard], "loss-in-capture") == [("warning", "loss-in-capture")]


def short_hole(src: Endpoint = A, dst: Endpoint = B, ssrc: int = 77, also: int = 0) -> Story:
    """Twenty seconds of talk of which two and a half are missing, and with `also` each such packet."""
    return talk(src, dst, ssrc, seconds=20, lost=lambda n: 400 <= n < 525 or also and n % also == 3)


def test_a_short_hole_of_all_that_was_there_is_the_captures_too() -> None:
    both = [*short_hole(), *short_hole(B, A, 78)]
    assert {severity for severity, _ in ranked(both, *LOSSES)} == {"note"}
    (loss, _) = [each for each in report(both).findings if each.id == "stream-loss"]
    assert loss.what.endswith("125 of 1,000 lost (12.5%); 125 of them in 2.5 s in which nothing else came either")
    for story in (
        [*both, *talk(C, OTHER_SERVER, 79, seconds=20)],
        [*both, request(10_000, "OPTIONS")],
        [*short_hole(), *talk(B, A, 78, seconds=20)],
    ):
        assert ("error", "stream-loss") in ranked(story, *LOSSES)


def test_loss_beside_a_hole_of_the_capture_is_the_paths() -> None:
    both = [*short_hole(also=10), *short_hole(B, A, 78)]
    assert ("error", "stream-loss") in ranked(both, *LOSSES)


def test_what_is_lost_of_rtx_is_a_note() -> None:
    sent = [each for place, each in enumerate(rtx()) if place % 6 != 3]
    told = found([*pictures(lost=missing), *ASKED, *sent], "stream-loss")
    of_rtx = [each for each in told if f"0x{RTX:08X}" in each.what.split(",")[0]]
    assert [each.severity for each in of_rtx] == ["note"] and f"they repair SSRC 0x{VIDEO:08X} (RTX)" in of_rtx[0].what


def test_a_run_that_came_late_after_all_is_no_loss() -> None:
    late = talk(delay=lambda n: 200.0 if 200 <= n < 206 else 0.0)
    assert not found(late, "loss-bursts") and found(late, "stream-reordered")


def test_what_has_the_number_of_another_one_did_not_come_twice() -> None:
    assert not found(twice(20, 80), "stream-duplicates") and found(twice(20, 0), "stream-duplicates")
