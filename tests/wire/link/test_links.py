"""Every link layer leads to the IP that it carries."""

from __future__ import annotations

import struct

import pytest

from dissectors.wire.link.frames import Frames
from tests.ip_frames import CARRIED, CARRIED6, HELLO, HELLO6, IP, SNAP, ethernet, record


@pytest.mark.parametrize("carrier", CARRIED)
def test_ipv4_is_found_behind(carrier: str) -> None:
    link, octets = CARRIED[carrier]
    frames = Frames()
    assert list(frames.udp(record(octets, link))) == [HELLO]
    assert (frames.frames, frames.datagrams, frames.not_ip) == (1, 1, 0)


@pytest.mark.parametrize("carrier", CARRIED6)
def test_ipv6_is_found_behind(carrier: str) -> None:
    link, octets = CARRIED6[carrier]
    assert list(Frames().udp(record(octets, link))) == [HELLO6]


@pytest.mark.parametrize("extensions", [b"", b"\x83" + bytes(7) + b"\3" + bytes(7)])
@pytest.mark.parametrize(
    ("kind", "octets"),
    [(2, b"\0\0" + ethernet(IP)), (1, b"\xff\x03\0\x21" + IP), (5, b"\0\0\0\1" + b"\x0f\0\x08\0" + IP),
     (4, b"\0\0\0\0" + SNAP + b"\x08\0" + IP), (22, IP)],
)
def test_ip_is_found_in_records_of_erf(kind: int, octets: bytes, extensions: bytes) -> None:
    body = extensions + octets + b"\xee" * 5
    head = bytes((kind | 0x80 * bool(extensions), 4)) + struct.pack("!HHH", 16 + len(body), 0, len(octets) + 4)
    assert list(Frames().udp(record(bytes(8) + head + body, 197))) == [HELLO]
