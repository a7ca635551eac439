"""Frames with several datagrams of one size become those that the network carries."""

from __future__ import annotations

import struct

import pytest

from dissectors.sources.interface.superframes import apart, checksum
from tests.ip_frames import A6, B6, A, B, ethernet, ipv4, ipv6, udp

PAYLOAD = bytes(range(256)) * 4


def sums_up(frame: bytes, ip: int, head: int, ends: bytes) -> bool:
    """Whether the checksum of UDP, and that of IPv4, are right."""
    segment = frame[head:]
    pseudo = ends + struct.pack("!BBH", 0, 17, len(segment))
    return checksum(pseudo + segment) == 0 and (frame[ip] >> 4 == 6 or checksum(frame[ip:head]) == 0)


@pytest.mark.parametrize("tags", [b"", b"\x81\x00\x00\x07", b"\x88\xa8\x00\x01\x81\x00\x00\x07"])
@pytest.mark.parametrize("options", [b"", b"\1\1\1\0"])
def test_each_datagram_of_ipv4_has_a_frame_of_its_own_with_headers_that_are_right(tags: bytes, options: bytes) -> None:
    whole = ethernet(ipv4(udp(PAYLOAD), ident=0xFFFE, options=options))
    whole = whole[:12] + tags + whole[12:]
    frames = apart(whole, 300, len(whole))
    ip, head = 14 + len(tags), 34 + len(tags) + len(options)
    assert [len(octets) for octets, _ in frames] == [length for _, length in frames]
    assert b"".join(octets[head + 8 :] for octets, _ in frames) == PAYLOAD
    assert [len(octets) - head - 8 for octets, _ in frames] == [300, 300, 300, 124]
    assert [int.from_bytes(octets[ip + 4 : ip + 6], "big") for octets, _ in frames] == [0xFFFE, 0xFFFF, 0, 1]
    for octets, _ in frames:
        assert octets[: ip + 2] == whole[: ip + 2] and octets[head : head + 4] == whole[head : head + 4]
        assert int.from_bytes(octets[ip + 2 : ip + 4], "big") == len(octets) - ip
        assert int.from_bytes(octets[head + 4 : head + 6], "big") == len(octets) - head
        assert sums_up(octets, ip, head, A + B)


def test_each_datagram_of_ipv6_has_a_frame_of_its_own() -> None:
    whole = ethernet(ipv6(udp(PAYLOAD)), 0x86DD)
    frames = apart(whole, 500, len(whole))
    assert b"".join(octets[62:] for octets, _ in frames) == PAYLOAD and len(frames) == 3
    for octets, _ in frames:
        assert int.from_bytes(octets[18:20], "big") == len(octets) - 54
        assert sums_up(octets, 14, 54, A6 + B6)


def test_what_was_cut_is_cut_where_it_was_and_keeps_its_length() -> None:
    whole = ethernet(ipv4(udp(PAYLOAD)))
    frames = apart(whole[:500], 300, len(whole))
    assert [(len(octets) - 42, length - 42) for octets, length in frames] == [
        (300, 300), (158, 300), (0, 300), (0, 124),
    ]


@pytest.mark.parametrize("octets", [
    b"", bytes(13), ethernet(b"", 0x0806), ethernet(ipv4(udp(PAYLOAD), protocol=6)), ethernet(ipv4(b"")),
    ethernet(ipv6(udp(PAYLOAD), following=44), 0x86DD), ethernet(b"\x41" + bytes(40)),
])
def test_what_is_no_udp_stays_as_it_is(octets: bytes) -> None:
    assert apart(octets, 100, len(octets)) == [(octets, len(octets))]
