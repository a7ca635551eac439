"""Errors of ICMP and ICMPv6 about datagrams of stories."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tests.made import frame, packed
from tests.stories import Told

PORT, PROHIBITED, TOO_BIG = (3, 3), (3, 13), (3, 4)
PORT6, TOO_BIG6 = (1, 4), (2, 0)
ETHERNET_OCTETS, QUOTED_OCTETS = 14, 56
"""What stands before a packet in a frame, and how much of it is quoted."""


def message(quoted: bytes, error: tuple[int, int] = PORT, mtu: int = 0) -> bytes:
    """An error that quotes octets; its sum is not looked at."""
    return struct.pack("!BBHI", *error, 0, mtu) + quoted


def packet(by: str, to: str, octets: bytes) -> bytes:
    """A frame with ICMP, or ICMPv6 where the addresses are those of IPv6."""
    addresses = packed(by) + packed(to)
    if len(addresses) == 32:
        return bytes(12) + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(octets), 58, 64) + addresses + octets
    ip = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(octets), 0, 0, 64, 1, 0) + addresses
    return bytes(12) + b"\x08\0" + ip + octets


def refused(
    told: Iterable[Told], error: tuple[int, int] = PORT, *, by: str = "", mtu: int = 0, after: float = 1.0
) -> list[tuple[float, bytes]]:
    """Frames with an error about each of these datagrams, with their times; the host itself says it unless `by` does.
    """
    return [
        (time + after, packet(by or dst[0], src[0], message(
            frame(src, dst, payload)[ETHERNET_OCTETS:][:QUOTED_OCTETS], error, mtu
        )))
        for time, src, dst, payload in told
    ]
