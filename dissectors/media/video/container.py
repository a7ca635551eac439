"""Tracks as a file: PyAV writes it, in a process of its own (`worker_container`)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from heapq import merge
from tempfile import TemporaryDirectory
from typing import NamedTuple

from dissectors.media import worker_container
from dissectors.media.apart import READY, Apart, python
from dissectors.media.video.film import Packet
from dissectors.media.worker_container import LENGTH, PACKET

FORMATS = {".mkv": "matroska", ".mp4": "mp4"}
MAX_ANSWER = 200
BLOCK_OCTETS = 1 << 18


class Unwritten(Exception):
    """The file cannot be written: one line for people."""


class Lane(NamedTuple):
    """A track: its name for people, its clock, a file from which FFmpeg learns what it is, in which format, its frames.

    With an `encoder`, frames are samples that it encodes.
    """

    title: str
    clock: int
    format: str
    sample: bytes
    packets: Iterator[Packet]
    encoder: str = ""


def written(lanes: Sequence[Lane], format: str) -> Iterator[bytes]:
    """The octets of the file; raises Unwritten."""
    with TemporaryDirectory() as folder, Apart(python(worker_container.__file__)) as process:
        path = os.path.join(folder, "out")
        answer = b""
        try:
            with process.timed() as (given, _):
                head = json.dumps({"path": path, "format": format, "tracks": [
                    {"title": lane.title, "clock": lane.clock, "format": lane.format, "encoder": lane.encoder}
                    for lane in lanes
                ]}).encode()
                given.write(LENGTH.pack(len(head)) + head)
                for lane in lanes:
                    given.write(LENGTH.pack(len(lane.sample)) + lane.sample)
            for number, packet in _in_time(lanes):
                with process.timed() as (given, _):
                    given.write(PACKET.pack(number, packet.shown, packet.decoded, min(packet.lasts, 0xFFFFFFFF),
                                            packet.key, len(packet.octets)) + packet.octets)
        except (OSError, EOFError):
            # It may have said why.
            answer = _answer(process, closed=True)
        else:
            answer = _answer(process)
        if answer != READY:
            raise Unwritten(answer.decode(errors="replace") or "FFmpeg could not write the file")
        with open(path, "rb") as file:
            while octets := file.read(BLOCK_OCTETS):
                yield octets


def _answer(process: Apart, closed: bool = False) -> bytes:
    """What the process says at the end; nothing where it died."""
    if process.process is None:
        return b""
    try:
        with process.timed() as (given, taken):
            if not closed:
                given.close()
            return taken.read(MAX_ANSWER)
    except (OSError, EOFError):
        return b""


def _in_time(lanes: Sequence[Lane]) -> Iterator[tuple[int, Packet]]:
    """All frames in the order in which they are decoded."""
    def keyed(number: int, lane: Lane) -> Iterator[tuple[float, int, Packet]]:
        return ((packet.decoded / lane.clock, number, packet) for packet in lane.packets)

    merged = merge(*(keyed(number, lane) for number, lane in enumerate(lanes)), key=lambda each: each[:2])
    return ((number, packet) for _, number, packet in merged)
