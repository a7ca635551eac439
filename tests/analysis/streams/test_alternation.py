"""Timestamps that go to and fro between two clocks, and those that do not."""

from __future__ import annotations

import pytest

from dissectors.analysis.streams.alternation import alternations
from dissectors.mux.counters import Counters
from tests.stories import rtp


def counted(timestamps: list[int]) -> Counters:
    """The counters of a stream with these timestamps, a datagram each 20 ms."""
    counters = Counters(77, 0)
    for number, timestamp in enumerate(timestamps):
        octets = rtp(number, 77, 0, timestamp)
        counters.update(number * 20_000_000, (0, number + 1), octets, len(octets))
    return counters


@pytest.mark.parametrize("apart", [80_000, 4_000_000])
def test_two_clocks_by_turns_are_an_alternation(apart: int) -> None:
    by_turns = [160 * n + apart * (n % 2) for n in range(500)]
    assert alternations(counted(by_turns), 8000) > 100


def test_one_clock_and_one_jump_are_none() -> None:
    steady = [160 * n for n in range(500)]
    assert alternations(counted(steady), 8000) == 0
    assert alternations(counted([each + 800_000 * (n > 250) for n, each in enumerate(steady)]), 8000) == 0
