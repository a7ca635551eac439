"""Bars, numbers and durations in few cells."""

from __future__ import annotations

import pytest

from dissectors.outputs.terminal.gauges import lasting, quantity, sparkline


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([], ""), ([0, 0], ""), ([1, 1], "██"), ([0, 4, 8], "⋯▄█"), ([50, 50, 25, 0], "██▄⋯")],
)
def test_a_sparkline_is_as_high_as_its_highest_value(values: list[float], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_numbers_and_durations_are_short() -> None:
    numbers = (0, 950, 1234, 35_000, 1.8e6, 2e9)
    assert [quantity(number) for number in numbers] == ["0", "950", "1.2k", "35k", "1.8M", "2.0G"]
    assert [lasting(number) for number in (-1, 4, 83, 7509)] == ["0 s", "4 s", "1:23", "2:05:09"]
