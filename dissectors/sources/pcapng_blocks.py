"""Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian: to write them, and to walk our own ones."""
from __future__ import annotations

import struct
import time
from collections.abc import Iterable

SECTION, INTERFACE, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 5, 6
BYTE_ORDER = 0x1A2B3C4D
END, COMMENT = 0, 1
APPLICATION, INTERFACE_NAME, TIME_RESOLUTION = 4, 2, 9
RECEIVED, DROPPED = 4, 5
NANOSECONDS = b"\x09"

packet = struct.Struct("<7I").pack
word = struct.Struct("<I").pack
from_word = struct.Struct("<I").unpack_from
from_words = struct.Struct("<II").unpack_from
PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


def head(interfaces: Iterable[tuple[int, str]], snaplen: int) -> bytes:
    """The first blocks of a file, for interfaces with known LINKTYPE and name."""
    return section() + b"".join(interface(link, snaplen, name) for link, name in interfaces)


def prefix(octets: bytes, packets: int) -> bytes:
    """The first so many of some Enhanced Packet Blocks."""
    at = 0
    for _ in range(packets):
        at += length_of(octets, at)
    return octets[:at]


def length_of(octets: bytes, at: int) -> int:
    """The length of the block that begins at an octet."""
    return int(from_word(octets, at + 4)[0])


def last_of(octets: bytes) -> int:
    """The offset of the last block."""
    return len(octets) - int(from_word(octets, len(octets) - 4)[0])


def moment_of(octets: bytes, at: int) -> int:
    """The time of the Enhanced Packet Block that begins at an octet, in nanoseconds."""
    high, low = from_words(octets, at + 12)
    return int(high) << 32 | int(low)


def section(comment: str = "") -> bytes:
    """A Section Header Block, little-endian, of unknown length, with a comment on the whole of it."""
    said = option(COMMENT, comment.encode()) if comment else b""
    head = struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1)
    return block(SECTION, head + said + option(APPLICATION, b"muxshark") + word(END))


def interface(link: int, snaplen: int, name: str) -> bytes:
    """An Interface Description Block whose times are nanoseconds."""
    head = struct.pack("<HHI", link, 0, snaplen)
    named = option(INTERFACE_NAME, name.encode()) if name else b""
    return block(INTERFACE, head + named + option(TIME_RESOLUTION, NANOSECONDS) + word(END))


def statistics(received: int, dropped: int) -> bytes:
    """An Interface Statistics Block of the first interface."""
    now = time.time_ns()
    head = struct.pack("<III", 0, now >> 32 & 0xFFFFFFFF, now & 0xFFFFFFFF)
    counts = ((RECEIVED, received), (DROPPED, dropped))
    said = b"".join(option(code, struct.pack("<Q", number)) for code, number in counts if received or dropped)
    return block(STATISTICS, head + said + word(END))


def block(kind: int, body: bytes) -> bytes:
    """A block with its length at the start and the end."""
    total = word(12 + len(body))
    return b"".join((word(kind), total, body, total))


def option(code: int, value: bytes) -> bytes:
    """An option, padded to 32 bits."""
    return struct.pack("<HH", code, len(value)) + value + PADDING[len(value) & 3]
