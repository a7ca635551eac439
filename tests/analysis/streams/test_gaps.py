"""A sender that went on while nobody looked did not begin anew."""

from __future__ import annotations

import pytest

from tests.stories import Story, only, report, talk


def interrupted(seconds: float, numbers: int, ticks: int) -> Story:
    """A talk in which nothing is captured for a while, after which number and timestamp have moved by so much."""
    before = talk(seconds=20, first=1000, origin=5000)
    after = talk(start=21_020 + 1000 * seconds, seconds=20, first=2000 + numbers, origin=165_000 + ticks)
    return [*before, *after]


def test_a_sender_that_went_on_unseen_did_not_begin_anew() -> None:
    away = 1302.0
    stream = only(interrupted(away, int(away * 50), int(away * 8000)))
    (gap,) = stream.gaps
    assert (stream.restarts, stream.lost, stream.reordered) == (0, 0, 0)
    assert gap.seconds == pytest.approx(away + 0.02, abs=0.05) and gap.missing == pytest.approx(away * 50, abs=2)
    told = {finding.id: finding.what for finding in report(interrupted(away, 65_100, 1302 * 8000)).findings}
    assert "sequence-restart" not in told and "21 min 42 s" in told["media-gap"]


@pytest.mark.parametrize(("numbers", "ticks"), [(40_000, 1302 * 8000), (65_100, 99_000_000), (30_000, 2_000_000_000)])
def test_a_sender_whose_numbers_went_elsewhere_began_anew(numbers: int, ticks: int) -> None:
    stream = only(interrupted(1302, numbers, ticks))
    assert (stream.restarts, stream.gaps) == (1, ())


def test_what_wrapped_while_nobody_looked_is_counted_too() -> None:
    away = 7200.0
    (gap,) = only(interrupted(away, int(away * 50), int(away * 8000))).gaps
    assert gap.missing == pytest.approx(away * 50, abs=2)
