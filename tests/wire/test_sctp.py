"""Chunks of SCTP, and what opens a data channel."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire import sctp
from dissectors.wire.errors import Malformed

HEADER = struct.pack(">HHII", 5000, 5000, 1, 0)
OPEN = struct.pack(">BBHIHH", 3, 0x81, 256, 3, 5, 4) + b"files" + b"text"


def chunk(octets: bytes, flags: int = 3, kind: int = 0) -> bytes:
    value = struct.pack(">IHHI", 7, 1, 0, 50) + octets
    return struct.pack(">BBH", kind, flags, 4 + len(value)) + value + bytes(-len(value) % 4)


def test_data_is_found_among_other_chunks() -> None:
    packet = HEADER + chunk(b"", kind=3) + chunk(OPEN) + chunk(b"more", 0)
    first, second = sctp.data(packet)
    assert (first.number, first.stream, first.protocol, first.begins, first.ends) == (7, 1, 50, True, True)
    assert (second.octets, second.begins, second.ends) == (b"more", False, False)
    assert sctp.opening(first.octets) == sctp.Opening("files", "text", False, "retransmissions", 3)


def interleaved(octets: bytes, flags: int, name: int) -> bytes:
    value = struct.pack(">IHHII", 8, 2, 0, 4, name) + octets
    return struct.pack(">BBH", 64, flags, 4 + len(value)) + value + bytes(-len(value) % 4)


def test_interleaved_data_have_their_protocol_in_the_first_chunk_alone() -> None:
    first, second = sctp.data(HEADER + interleaved(b"one", 2, 53) + interleaved(b"two", 1, 1))
    assert (first.number, first.stream, first.protocol, first.begins, first.ends, first.octets) == (
        8, 2, 53, True, False, b"one",
    )
    assert (second.protocol, second.begins, second.ends, second.octets) == (0, False, True, b"two")


def test_other_messages_open_nothing() -> None:
    assert sctp.opening(b"\2") is None and sctp.opening(b"") is None


@pytest.mark.parametrize("size", range(1, len(OPEN)))
def test_a_part_of_an_opening_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        sctp.opening(OPEN[:size])


@given(st.binary(max_size=100))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    try:
        assert all(len(each.octets) <= len(octets) for each in sctp.data(octets))
    except Malformed as malformed:
        assert malformed.protocol == "SCTP"
