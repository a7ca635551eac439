"""What is told of loss, of where it happened, and of quality."""

from __future__ import annotations

import pytest

from dissectors.findings.delivery.delivery import verdict
from tests.stories import A, B, description, dialled, receiver_report, report, talk


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
