"""AAC as a file of LATM: each element says how it is coded, also where nobody here can decode it."""

from __future__ import annotations

import pytest

from dissectors.media.bits import Bits
from dissectors.media.latm import MAX_UNIT_OCTETS, element

WITH_SBR = bytes.fromhex("f8ec31a0")


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 700])
def test_an_element_holds_its_configuration_and_its_unit(size: int) -> None:
    unit = bytes(number % 251 for number in range(size))
    octets = element(WITH_SBR, unit)
    assert int.from_bytes(octets[:3], "big") == 0x2B7 << 13 | len(octets) - 3
    bits = Bits(octets[3:], "LATM")
    assert [bits.take(count) for count in (1, 1, 1, 2, 8)] == [0, 1, 0, 0, 0xFF]
    assert [bits.take(count) for count in (1, 6, 4, 3, 2, 8)] == [1, 0, 0, 0, 0, 32]
    assert bits.take(32) == int.from_bytes(WITH_SBR, "big")
    assert [bits.take(count) for count in (3, 8, 1, 1)] == [0, 0xFF, 0, 0]
    lengths = [bits.take(8) for _ in range(size // 255 + 1)]
    assert sum(lengths) == size and set(lengths[:-1]) <= {255}
    assert bits.take(8 * size) == int.from_bytes(unit, "big") and bits.left < 8


def test_a_unit_that_no_element_holds_is_left_out() -> None:
    assert element(WITH_SBR, bytes(MAX_UNIT_OCTETS)) == b""
