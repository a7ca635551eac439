"""Blocks as the kernel writes them into a ring."""

from __future__ import annotations

import struct

import pytest

blocks = pytest.importorskip("dissectors.sources.blocks", reason="nothing is compiled here")


def block(
    frames: list[tuple[bytes, int, int, int, int, int]], cooked: bool, sizes: list[tuple[int, int]] | None = None
) -> bytes:
    """A TPACKET_V3 block of (octets, original length, status, TCI, TPID, kind) a second and a nanosecond apart.

    With `sizes`, the kernel says of each frame its kind of offload and the size of a part.
    """
    parts, at = [], 48
    for number, (octets, original, status, tci, tpid, kind) in enumerate(frames):
        octets = octets[14:] if cooked else octets
        mac = 82
        step = (mac + len(octets) + 15) & ~15
        head = struct.pack("=6I2HIIH10x", step, 1_700_000_000 + number, number, len(octets), original, status,
                           mac, mac, 0, tci, tpid)
        hardware = 772 if kind == 4 else 1
        address = struct.pack("=H2siHBB8s", 17, b"\x08\x00", 3, hardware, kind, 6, b"\2\0\0\0\0\1\0\0")
        said = struct.pack("=BBHHHH", 1, sizes[number][0], 42, sizes[number][1], 34, 6) if sizes else b""
        parts.append((head + address).ljust(mac - len(said), b"\xee") + said + octets.ljust(step - mac, b"\xee"))
        at += step
    return struct.pack("=8sIIII", bytes(8), 1, len(frames), 48, at).ljust(48, b"\0") + b"".join(parts)
