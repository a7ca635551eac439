"""What receivers ask of sources by RTCP: counted, rated and bounded, each for the source that it is about."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dissectors.analysis.streams.feedback import MAX_ASKED, MAX_ESTIMATES
from dissectors.report import FeedbackView
from tests.finding_cases.repair import VIDEO, feedback, fir, nack, pictures, pli, remb, squeezed, transport_wide
from tests.stories import Story, report


def told(*story: Story) -> FeedbackView:
    (stream,) = report([each for part in (pictures(), *story) for each in part]).streams
    assert stream.feedback is not None
    return stream.feedback


def test_messages_are_counted_by_kind_and_rated_over_the_stream() -> None:
    slices = feedback(1000, 206, 2, bytes(4))
    view = told(pli((500, 600)), fir((700,)), [slices, nack(900, 1, 2, 3), nack(950, 1), transport_wide(960)])
    assert (view.pli, view.fir, view.sli, view.nacks, view.asked, view.transport_wide) == (2, 1, 1, 2, 4, 1)
    assert view.requests_per_second == pytest.approx(3 / 9.99) and view.nacks_per_second == pytest.approx(2 / 9.99)


def test_what_is_about_another_source_is_not_counted() -> None:
    (stream,) = report([*pictures(), *fir((500,), target=5), remb(600, 1_000_000, 5, 6)]).streams
    assert stream.feedback is None


@pytest.mark.parametrize("sources", [(VIDEO,), (5, VIDEO), ()])
def test_estimates_are_kept_over_time_for_each_source_that_they_name_or_for_all(sources: tuple[int, ...]) -> None:
    view = told([remb(1000 * n, 64_000 * n, *sources) for n in range(1, 9)])
    assert [each.bitrate for each in view.estimates] == [64_000 * n for n in range(1, 9)]
    assert view.remb == 8


def test_estimates_and_numbers_are_bounded() -> None:
    view = told(
        [remb(10 * n, 64_000 + n, VIDEO) for n in range(1, 999)], [nack(5000 + n, 10 * n) for n in range(MAX_ASKED + 9)]
    )
    assert 8 <= len(view.estimates) <= MAX_ESTIMATES and view.asked == MAX_ASKED + 9
    times = [each.time for each in view.estimates]
    assert times == sorted(times) and view.remb == 998


def keyed(at: Iterable[int]) -> Story:
    """Video whose pictures at these numbers are ten times as large as the others."""
    begins = set(at)
    return pictures(size=lambda n: 9000 if n - n % 3 in begins else 900)


@pytest.mark.parametrize(("at", "answered"), [([], False), ([300], False), ([450], True), ([900], False)])
def test_a_request_is_answered_by_a_picture_large_enough_for_a_key_frame(at: list[int], answered: bool) -> None:
    (stream,) = report([*keyed(at), *pli(range(4000, 5000, 100))]).streams
    assert stream.feedback and stream.feedback.burst
    assert (stream.feedback.burst.requests, stream.feedback.burst.answered) == (10, answered)


def test_a_pause_ends_a_series_of_requests() -> None:
    view = told(pli((100, 200, 300)), pli(range(4000, 5000, 100)))
    assert view.burst and (view.burst.requests, view.burst.seconds) == (10, pytest.approx(0.9))


def test_the_timeline_has_the_bitrate() -> None:
    (stream,) = report(pictures(12, size=squeezed())).streams
    octets = [moment.octets for moment in stream.timeline]
    assert octets == sorted(octets) and octets[-1] <= stream.octets
    assert 8 * (octets[1] - octets[0]) == pytest.approx(890_000, rel=0.02)
