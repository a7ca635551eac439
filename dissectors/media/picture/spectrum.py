"""How loud each frequency is at a moment: a Fourier transform of a few samples, and its colours."""

from __future__ import annotations

from cmath import exp
from collections.abc import Sequence
from functools import cache
from math import cos, log10, pi

SIZE = 256
"""Samples of one transform; half of it are frequencies."""

FULL = 32768
QUIETEST_DB, LOUDEST_DB = -85.0, -20.0
SHADES = 64
ANCHORS = ((10, 8, 30), (60, 20, 100), (150, 40, 110), (225, 90, 60), (250, 180, 50), (252, 250, 190))
"""From quiet to loud, by equal steps; lightness grows all the way, so that it is read in grey, too."""


@cache
def _window() -> tuple[float, ...]:
    return tuple(0.5 - 0.5 * cos(2 * pi * at / (SIZE - 1)) for at in range(SIZE))


@cache
def _turns(size: int) -> tuple[complex, ...]:
    return tuple(exp(-2j * pi * at / size) for at in range(size // 2))


def _transformed(values: Sequence[complex]) -> list[complex]:
    """The discrete Fourier transform of a power of two of values (Cooley and Tukey)."""
    size = len(values)
    if size == 1:
        return [*values]
    even, odd = _transformed(values[::2]), _transformed(values[1::2])
    turned = [turn * value for turn, value in zip(_turns(size), odd, strict=True)]
    return [*(one + two for one, two in zip(even, turned, strict=True)),
            *(one - two for one, two in zip(even, turned, strict=True))]


def levels(samples: Sequence[int]) -> list[float]:
    """How loud each frequency is, in dB against a full tone, the lowest first: `SIZE` samples give half as many."""
    if not any(samples):
        return [QUIETEST_DB] * (SIZE // 2)
    found = _transformed([complex(value * weight) for value, weight in zip(samples, _window(), strict=True)])
    full = FULL * SIZE / 4
    return [20 * log10(max(abs(each) / full, 1e-9)) for each in found[: SIZE // 2]]


def shade(level: float) -> int:
    """The number of the colour of a level."""
    share = (level - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
    return max(0, min(SHADES - 1, int(share * SHADES)))


@cache
def palette() -> bytes:
    """The colours of all shades, three octets each."""
    octets = bytearray()
    for number in range(SHADES):
        place = number * (len(ANCHORS) - 1) / (SHADES - 1)
        at = min(int(place), len(ANCHORS) - 2)
        share = place - at
        octets += bytes(
            round(one + share * (two - one)) for one, two in zip(ANCHORS[at], ANCHORS[at + 1], strict=True)
        )
    return bytes(octets)
