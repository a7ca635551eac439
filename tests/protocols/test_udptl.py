"""UDPTL: its number, its fax packet, and what comes with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.explain import explain
from dissectors.protocols import udptl
from dissectors.wire.errors import Malformed

SAMPLES = {
    "no signal": ("000001000000", "UDPTL number 0, no signal, 1 bytes"),
    "CED": ("000101040000", "UDPTL number 1, CED, 1 bytes"),
    "V.21": ("002503c001800000", "UDPTL number 37, data of V.21, 3 bytes"),
    "redundancy": ("01020106000201060104", "UDPTL number 258, V.21 preamble, 1 bytes, 2 of redundancy"),
    "parity": ("0103010680010301010106", "UDPTL number 259, V.21 preamble, 1 bytes, 3 of FEC"),
}
"""By ITU-T T.38 section 9.1, aligned PER: number, length and fax packet, 0x00 and older ones or 0x80 and parity."""


@pytest.mark.parametrize("name", SAMPLES)
def test_a_datagram_is_read(name: str) -> None:
    octets, told = SAMPLES[name]
    assert udptl.parse(bytes.fromhex(octets)).summary == told


@pytest.mark.parametrize("name", SAMPLES)
def test_every_prefix_is_read_or_malformed(name: str) -> None:
    octets = bytes.fromhex(SAMPLES[name][0])
    with pytest.raises(Malformed):
        udptl.parse(octets[:4])
    for size in range(len(octets)):
        _read(octets[:size])


@pytest.mark.parametrize("octets", ["0000", "00000000000000", "0000c101060000", "000005060000", "0000010605000000"])
def test_what_lies_is_malformed(octets: str) -> None:
    with pytest.raises(Malformed):
        udptl.parse(bytes.fromhex(octets))


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    _read(octets)


def _read(octets: bytes) -> None:
    try:
        assert udptl.parse(octets).summary
    except Malformed as malformed:
        assert 0 <= malformed.offset <= len(octets)


def test_no_row_takes_it() -> None:
    assert udptl.SPEC.match == ()
    assert all(explain(bytes.fromhex(octets)).winner is None for octets, _ in SAMPLES.values())
