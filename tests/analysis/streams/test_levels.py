"""Drift and steps, told apart by the least delayed datagrams of each bucket."""

from __future__ import annotations

import random

import pytest

from dissectors.analysis.streams.levels import Levels, levels
from dissectors.mux.counters import Counters
from tests.stories import Story, talk


def measured(story: Story) -> Levels:
    """What is measured of a stream at 8000 Hz."""
    counters = Counters(77, 0)
    for number, (time, _, _, octets) in enumerate(story, 1):
        counters.update(int(time * 1e6), (0, number), octets, len(octets))
    found = levels(counters, 8000)
    assert found is not None
    return found


def drift(found: Levels) -> float:
    return 1e6 * (found.rate / 8000 - 1)


@pytest.mark.parametrize("fast", [-400, 0, 400])
@pytest.mark.parametrize("milliseconds", [30, 90, 1500])
@pytest.mark.parametrize("jitter", [0, 3])
def test_a_step_and_a_drift_are_measured_together(fast: float, milliseconds: float, jitter: float) -> None:
    dice = random.Random(2)
    story = talk(
        seconds=60, fast=fast, delay=lambda n: milliseconds * (n >= 1000) + abs(dice.gauss(0, jitter)),
    )
    found = measured(story)
    (step,) = found.steps
    assert step.units == pytest.approx(-8 * milliseconds, abs=16) and step.frame == (0, 1001)
    assert drift(found) == pytest.approx(fast, abs=20) and found.even


def test_a_jump_has_a_level_of_its_own_and_is_no_step() -> None:
    story = [*talk(seconds=20), *talk(start=21_020, first=1100, origin=50_000_000, seconds=20, delay=lambda n: 9.0)]
    found = measured(story)
    assert not found.steps and drift(found) == pytest.approx(0, abs=5)


@pytest.mark.parametrize(
    "delay",
    [
        lambda n: 80.0 if 1000 <= n < 1500 else 0.0,
        lambda n: max(0.0, 300 - (n - 1000) * 10) if n >= 1000 else 0.0,
        lambda n: 60.0 if n >= 2960 else 0.0,
    ],
    ids=["a queue that empties", "a stall that is made up for", "too late to be sure"],
)
def test_what_comes_back_or_has_no_time_to_is_no_step(delay: object) -> None:
    found = measured(talk(seconds=60, delay=delay))  # type: ignore[arg-type]
    assert not found.steps and drift(found) == pytest.approx(0, abs=10)


def test_what_only_one_half_has_is_no_drift() -> None:
    assert not measured(talk(seconds=60, delay=lambda n: max(0, n - 1500) * 0.02)).even
    assert not measured(talk(seconds=60, delay=lambda n: 14.0 * (n >= 1500))).even


def test_few_buckets_tell_nothing() -> None:
    counters = Counters(77, 0)
    for number, (time, _, _, octets) in enumerate(talk(seconds=5), 1):
        counters.update(int(time * 1e6), (0, number), octets, len(octets))
    assert levels(counters, 8000) is None
