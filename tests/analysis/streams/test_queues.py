"""Delay that rises and falls again, and halts that come regularly."""

from __future__ import annotations

import pytest

from tests.finding_cases.numbers import stalling, stepped, swollen
from tests.stories import only, talk


def test_a_swell_is_told_from_when_to_when_and_how_high() -> None:
    (swell,) = only(swollen(400)).swells
    assert swell.milliseconds == pytest.approx(300, abs=10)
    assert 11 < swell.start - 1.02 < 13 and 14 < swell.end - 1.02 < 17


def test_what_stays_later_or_drifts_is_no_swell() -> None:
    for story in (stepped(300), talk(seconds=60, fast=900), talk(seconds=60, delay=lambda n: n % 7 * 30.0)):
        assert only(story).swells == ()


def test_two_swells_are_two() -> None:
    twice = talk(seconds=30, delay=lambda n: 300 * max(0.0, 1 - abs(n % 700 - 350) / 150))
    assert len(only(twice).swells) == 2


def test_regular_halts_are_told_with_their_period_also_where_some_are_not_known() -> None:
    stalls = only(stalling(200)).stalls
    assert stalls is not None and stalls.every == pytest.approx(3, abs=0.01) and stalls.measured == 8
    assert stalls.most_ms == pytest.approx(200, abs=1) and stalls.time == pytest.approx(1.02 + 3.2, abs=0.03)
    some = only(stalling(200, lambda turn: 3000.0 * (turn + turn // 3))).stalls
    assert some is not None and some.every == pytest.approx(3, abs=0.01)


def test_few_short_or_irregular_halts_are_none() -> None:
    irregular, close = stalling(200, lambda turn: 3000.0 * turn * turn), stalling(200, lambda turn: 300.0 * turn)
    for story in (stalling(80), irregular, close):
        assert only(story).stalls is None
