"""Keys sound like their two tones."""

from __future__ import annotations

from array import array
from math import cos, pi, sin

import pytest

from dissectors.media.tones import HIGH, LOW, PEAK, tone


def strength(values: array[int], frequency: float, rate: int) -> float:
    """The amplitude of a frequency in some samples."""
    turns = [2 * pi * frequency * at / rate for at in range(len(values))]
    real = sum(value * cos(turn) for value, turn in zip(values, turns, strict=True))
    imaginary = sum(value * sin(turn) for value, turn in zip(values, turns, strict=True))
    return 2 * (real**2 + imaginary**2) ** 0.5 / len(values)


@pytest.mark.parametrize(("key", "rate"), [("1", 8000), ("#", 8000), ("0", 48000), ("D", 16000)])
def test_a_key_is_two_tones(key: str, rate: int) -> None:
    values = array("h", tone(key, 200, rate))
    assert len(values) == rate // 5
    for frequency in {*LOW.values(), *HIGH.values()}:
        loud = strength(values, frequency, rate)
        assert loud > 0.9 * PEAK if frequency in (LOW[key], HIGH[key]) else loud < 0.2 * PEAK


def test_what_is_no_key_is_silent_and_lengths_are_bounded() -> None:
    assert tone("flash", 100, 8000) == b"" and len(tone("1", None, 8000)) == 1600
    assert len(tone("1", 1e9, 8000)) == 160_000
