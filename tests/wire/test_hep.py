"""HEP: chunks to a message with its addresses and time, and what is hostile."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.errors import Malformed
from dissectors.wire.hep import MARKS, MAX_PAYLOAD_OCTETS, Packet, frame, old_header, parse
from dissectors.wire.spec import Incomplete


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack("!HHH", vendor, kind, 6 + len(value)) + value


def packet(
    payload: bytes, number: int = 17, kind: int = 15, src: bytes = b"\xc0\0\2\1", dst: bytes = b"\xc0\0\2\2"
) -> bytes:
    """A packet of SIP from port 5060 to port 5062, seen 1.5 s after the epoch."""
    wide = len(src) == 16
    chunks = [
        chunk(1, b"\x0a" if wide else b"\2"), chunk(2, bytes((number,))), chunk(5 if wide else 3, src),
        chunk(6 if wide else 4, dst), chunk(7, struct.pack("!H", 5060)), chunk(8, struct.pack("!H", 5062)),
        chunk(9, struct.pack("!I", 1)), chunk(10, struct.pack("!I", 500_000)), chunk(11, b"\1"),
        chunk(12, struct.pack("!I", 2001)), chunk(15, b"not this", vendor=9), chunk(kind, payload),
    ]
    octets = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(octets)) + octets


def test_a_packet_says_what_its_agent_saw() -> None:
    ends = b"\xc0\0\2\1", 5060, b"\xc0\0\2\2", 5062
    assert parse(packet(b"hello")) == Packet(*ends, 17, 1_500_000_000, b"hello", "2001")
    wide = parse(packet(b"hello", 6, src=bytes(15) + b"\1", dst=bytes(15) + b"\2"))
    assert (wide.src, wide.dst, wide.protocol) == (bytes(15) + b"\1", bytes(15) + b"\2", 6)


def old(payload: bytes, version: int = 2, size: int = 4, counted: int = 0) -> bytes:
    """A packet of version 1 or 2, as a processor with little ends writes it."""
    src, dst, family = bytes(size - 1) + b"\1", bytes(size - 1) + b"\2", 2 if size == 4 else 10
    head = struct.pack("!BBBBHH", version, 8 + 2 * size + counted, family, 17, 5060, 5062) + src + dst
    return head + (struct.pack("<IIHH", 1, 500_000, 2001, 0) if version == 2 else b"") + payload


@pytest.mark.parametrize("size", [4, 16])
def test_older_versions_say_it_in_fewer_words(size: int) -> None:
    ends = bytes(size - 1) + b"\1", 5060, bytes(size - 1) + b"\2", 5062
    for counted in (0, 12):
        octets = old(b"hello", 2, size, counted)
        assert octets.startswith(MARKS) and parse(octets) == Packet(*ends, 17, 1_500_000_000, b"hello", "2001")
    assert parse(old(b"hello", 1, size)) == Packet(*ends, 17, 0, b"hello")
    for short in (old(b"", 2, size), old(b"", 1, size), old(b"hello", 2, size)[:9]):
        with pytest.raises(Malformed):
            parse(short)


def test_the_header_of_an_older_packet_says_where_its_message_begins() -> None:
    for version, size in ((1, 4), (2, 4), (2, 16)):
        octets = old(b"hello", version, size)
        assert old_header(octets) == len(octets) - 5
        assert {old_header(octets[:cut]) for cut in range(8)} == {Incomplete(8)}
    for odd in (b"HEP3", b"\2\x10\2\x07", b"\3"):
        with pytest.raises(Malformed):
            old_header(odd)


def test_an_agent_is_named_by_its_number_and_its_node() -> None:
    octets = packet(b"hello")[6:] + chunk(19, b"edge-1\0")
    assert parse(b"HEP3" + struct.pack("!H", 6 + len(octets)) + octets).agent == "2001 (edge-1)"


def test_a_compressed_payload_is_inflated_within_a_bound() -> None:
    assert parse(packet(zlib.compress(b"hello" * 99), kind=16)).payload == b"hello" * 99
    for payload in (b"no zlib", zlib.compress(bytes(30 * MAX_PAYLOAD_OCTETS))):
        with pytest.raises(Malformed, match="no payload"):
            parse(packet(payload, kind=16))


def test_a_stream_of_packets_is_framed_by_their_length() -> None:
    octets = packet(b"hello")
    assert frame(octets + octets) == len(octets)
    assert (frame(b""), frame(octets[:5]), frame(octets[:9])) == (Incomplete(6), Incomplete(6), Incomplete(len(octets)))
    for odd in (b"HEP2", b"HEP3\0\5"):
        with pytest.raises(Malformed):
            frame(odd)


@pytest.mark.parametrize(
    "octets",
    [b"HEP3", b"HEP3\0\6", packet(b""), packet(b"hello", src=b"\1\2\3"), b"HEP3\0\x0c" + struct.pack("!HHH", 0, 2, 5),
     b"HEP3\0\x0c" + struct.pack("!HHH", 0, 2, 99)],
)
def test_what_lacks_something_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        parse(octets)


@given(st.binary(max_size=100), st.integers(0, 120))
def test_any_octets_are_read_or_malformed(octets: bytes, size: int) -> None:
    for hostile in (b"HEP3" + struct.pack("!H", size) + octets, packet(b"hello")[:size] + octets):
        try:
            parse(hostile)
        except Malformed:
            continue
