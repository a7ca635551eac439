"""Frames in which the kernel holds several UDP datagrams of one size (UDP GSO and GRO), and the single ones."""
from __future__ import annotations

import struct

UDP_DATAGRAMS = 5
"""VIRTIO_NET_HDR_GSO_UDP_L4: datagrams of one size, but for the last."""

ETHERNET, TAG_OCTETS = 14, 4
TAGS = (b"\x81\x00", b"\x88\xa8")
IPV4, IPV6, IPV6_OCTETS, UDP_OCTETS, UDP = b"\x08\x00", b"\x86\xdd", 40, 8, 17
MIN_IPV4_OCTETS = 20
MAX_OCTETS = 1 << 17
"""No frame of one UDP header is longer."""


def apart(octets: bytes, size: int, original: int) -> list[tuple[bytes, int]]:
    """The frames that the network carries in the place of one with datagrams of `size` octets, and their lengths there.

    `original` is the length of that one, of which `octets` may be only a part. What is not read is given as it is.
    """
    ip = _network(octets)
    head = _header(octets, ip)
    if not size or not head or original > MAX_OCTETS or len(octets) < head + UDP_OCTETS:
        return [(octets, original)]
    data = head + UDP_OCTETS
    version = octets[ip] >> 4
    frames = []
    for number, at in enumerate(range(data, original, size)):
        length = min(size, original - at)
        made = bytearray(octets[:data] + octets[at : at + length])
        struct.pack_into("!H", made, head + 4, UDP_OCTETS + length)
        if version == 4:
            first = int.from_bytes(octets[ip + 4 : ip + 6], "big")
            struct.pack_into("!HH", made, ip + 2, head - ip + UDP_OCTETS + length, first + number & 0xFFFF)
            struct.pack_into("!H", made, ip + 10, 0)
            struct.pack_into("!H", made, ip + 10, checksum(made[ip:head]))
        else:
            struct.pack_into("!H", made, ip + 4, head - ip - IPV6_OCTETS + UDP_OCTETS + length)
        if len(made) == data + length:
            ends = made[ip + 12 : ip + 20] if version == 4 else made[ip + 8 : ip + 40]
            struct.pack_into("!H", made, head + 6, 0)
            pseudo = struct.pack("!BBH", 0, UDP, UDP_OCTETS + length)
            struct.pack_into("!H", made, head + 6, checksum(ends + pseudo + made[head:]) or 0xFFFF)
        frames.append((bytes(made), data + length))
    return frames or [(octets, original)]


def checksum(octets: bytes | bytearray) -> int:
    """The checksum of the Internet (RFC 1071)."""
    octets = bytes(octets) + b"\0" * (len(octets) & 1)
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _network(octets: bytes) -> int:
    """Where the IP header of an Ethernet frame begins."""
    at = ETHERNET
    while octets[at - 2 : at] in TAGS:
        at += TAG_OCTETS
    return at


def _header(octets: bytes, ip: int) -> int:
    """Where the UDP header begins; 0 where there is none right behind the IP header."""
    kind = octets[ip - 2 : ip]
    if kind == IPV4 and len(octets) >= ip + MIN_IPV4_OCTETS and octets[ip] >> 4 == 4 and octets[ip + 9] == UDP:
        size = 4 * (octets[ip] & 15)
        return ip + size if size >= MIN_IPV4_OCTETS else 0
    if kind == IPV6 and len(octets) >= ip + IPV6_OCTETS and octets[ip] >> 4 == 6 and octets[ip + 6] == UDP:
        return ip + IPV6_OCTETS
    return 0
