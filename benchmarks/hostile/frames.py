"""Ethernet frames of UDP, TCP and IP fragments, built without any library, and captures of them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

BEGIN = 1_700_000_000_000_000
"""The first moment, in microseconds since the epoch."""

LARGE = 60_000
"""Octets of a datagram that is nearly as large as UDP allows."""

SNAPLEN = 262_144
TCP, UDP = 6, 17
DO_NOT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000
ETHERNET = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"

Endpoint = tuple[bytes, int]
"""An IPv4 address as four octets, and a port."""

ten_words = struct.Struct("!10H").unpack


def host(number: int, network: int = 10) -> bytes:
    """The address of that number in a network such as 10.0.0.0/8."""
    return struct.pack("!I", network << 24 | number)


def written(address: bytes) -> str:
    """An address as people write it."""
    return ".".join(map(str, address))


def ipv4(protocol: int, src: bytes, dst: bytes, payload: bytes, number: int = 0, flags: int = DO_NOT_FRAGMENT) -> bytes:
    """A packet of IPv4; `number` is its identification, `flags` are its flags with its fragment offset."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, flags, 64, protocol, 0, src, dst)
    total = sum(ten_words(header))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack("!H", total ^ 0xFFFF) + header[12:] + payload


def udp_header(sport: int, dport: int, payload: bytes) -> bytes:
    """A UDP header without a checksum, which IPv4 allows, and its payload."""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def udp(src: Endpoint, dst: Endpoint, payload: bytes) -> bytes:
    """A frame of one UDP datagram."""
    return ETHERNET + ipv4(UDP, src[0], dst[0], udp_header(src[1], dst[1], payload))


def tcp(src: Endpoint, dst: Endpoint, sequence: int, flags: int, payload: bytes = b"") -> bytes:
    """A frame of one TCP segment; its checksum is left at zero, as an interface that computes it leaves it."""
    header = struct.pack("!HHIIBBHHH", src[1], dst[1], sequence & 0xFFFFFFFF, 1, 0x50, flags, 0xFFFF, 0, 0)
    return ETHERNET + ipv4(TCP, src[0], dst[0], header + payload)


def write(path: Path, frames: Iterable[bytes], every: int) -> int:
    """Write a pcap file, a frame each `every` microseconds; how many octets it has."""
    pack = struct.Struct("<IIII").pack
    time = BEGIN
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, 1))
        for frame in frames:
            file.write(pack(time // 1_000_000, time % 1_000_000, len(frame), len(frame)) + frame)
            time += every
    return path.stat().st_size
