"""A Fourier transform of our own, held to the definition; colours from dark to light."""

from __future__ import annotations

from cmath import exp, pi

import pytest

from dissectors.media.picture.shapes import png
from dissectors.media.picture.spectrum import QUIETEST_DB, SHADES, SIZE, _transformed, levels, palette, shade


def test_it_is_the_discrete_transform() -> None:
    values = [complex((7 * at) % 13 - 6, (3 * at) % 5) for at in range(16)]
    for number, found in enumerate(_transformed(values)):
        wanted = sum(value * exp(-2j * pi * number * at / 16) for at, value in enumerate(values))
        assert found == pytest.approx(wanted)


def test_a_full_tone_is_at_its_place_with_its_level() -> None:
    found = levels([round(32767 * exp(2j * pi * 32 * at / SIZE).real) for at in range(SIZE)])
    assert found.index(max(found)) == 32 and -0.5 < max(found) < 0.5 and found[80] < -60
    assert levels([0] * SIZE) == [QUIETEST_DB] * (SIZE // 2)


def test_colours_grow_lighter() -> None:
    octets = palette()
    light = [sum(octets[3 * at : 3 * at + 3]) for at in range(SHADES)]
    assert light == sorted(light) and (shade(-200), shade(0)) == (0, SHADES - 1)


def test_points_are_a_png() -> None:
    octets = png([b"\0\1", b"\1\0"], b"\0\0\0\xff\xff\xff")
    assert octets.startswith(b"\x89PNG\r\n\x1a\n") and octets.count(b"PLTE") == 1 and octets.endswith(b"\xaeB`\x82")
