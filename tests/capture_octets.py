"""Captures of every format, written octet by octet."""

from __future__ import annotations

import struct
from pathlib import Path

from dissectors.wire.captures.erf import ErfWalker
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.captures.records import Notes, Record

DATA = Path(__file__).resolve().parents[0] / "data" / "captures"
SECOND = 1_000_000_000
ERF_FRACTION = b"\0\0\0\x80"


def pcap(frames: list[bytes], order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1, fraction: int = 7) -> bytes:
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    extra = b"\0" * 8 if magic == 0xA1B2CD34 else b""
    for number, frame in enumerate(frames):
        out += struct.pack(order + "IIII", 1000 + number, fraction, len(frame), len(frame) + 1) + extra + frame
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order: str = "<", options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link: int = 1, options: bytes = b"", order: str = "<", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame: bytes, ticks: int = 0, number: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    head = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame + b"\0" * (-len(frame) % 4) + options, order)


def snoop(frames: list[bytes]) -> bytes:
    out = b"snoop\0\0\0" + struct.pack("!II", 2, 4)
    for number, frame in enumerate(frames):
        padded = frame + b"\0" * (-len(frame) % 4)
        out += struct.pack("!6I", len(frame), len(frame), 24 + len(padded), 3, 1000 + number, 7) + padded
    return out


def erf(frames: list[bytes], kind: int = 2, extensions: int = 0) -> bytes:
    out = b""
    for number, frame in enumerate(frames):
        heads = bytes((kind | 0x80 * bool(extensions), 4))
        more = b"".join(bytes((0x80 * (left > 0) | 3,)) + bytes(7) for left in reversed(range(extensions)))
        before = {2: 2, 5: 4, 4: 4}.get(kind, 0)
        body = more + bytes(before) + frame
        body += bytes(-len(body) % 8)
        time = (1000 + number << 32) + (1 << 31)
        out += struct.pack("<Q", time) + heads + struct.pack("!HHH", 16 + len(body), 1, len(frame) + 4) + body
    return out


def pcapng(order: str = "<") -> bytes:
    return (
        section(order)
        + interface(1, option(2, b"eth0", order), order)
        + interface(101, option(9, b"\x09", order) + option(14, struct.pack(order + "q", 5), order), order)
        + enhanced(b"first", 1_000_000, 0, b"", order)
        + block(10, b"a key nobody asked for", order)
        + enhanced(b"second", 7, 1, option(1, b"look here", order) + b"\0\0\0\0", order)
        + block(3, struct.pack(order + "I", 5) + b"third", order)
        + block(2, struct.pack(order + "HHIIII", 0, 0, 0, 2_000_000, 4, 9) + b"four", order)
        + block(5, struct.pack(order + "III", 0, 0, 0) + option(5, struct.pack(order + "Q", 42), order), order)
    )


SAMPLES = {
    "pcap": pcap([b"one", b"", b"three" * 50]),
    "pcap big-endian": pcap([b"one", b"", b"three" * 50], ">"),
    "pcap nanoseconds": pcap([b"one", b"", b"three" * 50], "<", 0xA1B23C4D),
    "pcap modified": pcap([b"one", b"", b"three" * 50], "<", 0xA1B2CD34),
    "pcapng": pcapng() + pcapng(">"),
    "snoop": snoop([b"one", b"", b"three" * 50]),
    "erf": erf([b"one", b"", b"three" * 50]),
}


def read(octets: bytes, sizes: list[int] | None = None) -> tuple[list[Record], Notes]:
    """All records of a capture that is fed whole, or in chunks of these sizes over and over."""
    reading = ErfWalker() if octets.startswith(ERF_FRACTION) else walker(octets[: enough(octets)])
    records: list[Record] = []
    at, turn = 0, 0
    while at < len(octets):
        size = sizes[turn % len(sizes)] if sizes else len(octets)
        records += reading.feed(octets[at : at + size])
        at, turn = at + size, turn + 1
    reading.finish()
    return records, reading.notes
