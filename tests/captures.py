"""Capture files for tests: stories and records as pcap or pcapng, and what is in a file."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from dissectors.sources.capture import open_capture
from dissectors.wire.captures.records import Record
from tests import capture_octets
from tests.made import frame
from tests.stories import Told

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def pcap(path: Path, frames: Iterable[tuple[float, bytes]]) -> str:
    """Write frames with their times in milliseconds."""
    records = (struct.pack("<IIII", int(time // 1000), int(time % 1000 * 1000), len(octets), len(octets)) + octets
               for time, octets in frames)
    path.write_bytes(HEADER + b"".join(records))
    return str(path)


def story(path: Path, told: Iterable[Told]) -> str:
    """Write a story as a pcap file."""
    ordered = sorted(told, key=lambda one: one[0])
    return pcap(path, ((time, frame(src, dst, payload)) for time, src, dst, payload in ordered))


def pcapng(path: Path, told: Iterable[Told]) -> str:
    """Write a story as a pcapng file with a name, a comment on each packet, and blocks of other kinds."""
    blocks = [capture_octets.section(), capture_octets.interface(1, capture_octets.option(2, b"eth0"))]
    for number, (time, src, dst, payload) in enumerate(sorted(told, key=lambda one: one[0])):
        options = capture_octets.option(1, f"comment {number}".encode()) + bytes(4)
        blocks.append(capture_octets.enhanced(frame(src, dst, payload), int(time * 1000), 0, options))
    blocks.append(capture_octets.block(10, b"a key that nobody asked for"))
    blocks.append(capture_octets.block(5, struct.pack("<III", 0, 0, 0)))
    path.write_bytes(b"".join(blocks))
    return str(path)


def records(path: str | Path) -> list[Record]:
    """The records of a capture."""
    with open_capture(str(path)) as capture:
        return list(capture.records())


def frames(path: str | Path) -> list[bytes]:
    """The frames of a capture."""
    return [record.octets for record in records(path)]
