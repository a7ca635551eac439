"""Channels of samples as a WAV file: RIFF with a format chunk of PCM and one of data."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence

from dissectors.media.pcm import SAMPLE_OCTETS
from dissectors.media.track import Channel

PCM = 1
BLOCK_SAMPLES = 1 << 16
HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI")


CUE = struct.Struct("<II4sIII")
CHUNK = struct.Struct("<4sI")
MAX_MARKS = 2000

Marks = Sequence[tuple[int, str]]
"""Samples, counted from the beginning, at which something is to be said, and what."""


def header(channels: int, rate: int, length: int, behind: int = 0) -> bytes:
    """What stands before so many samples of each channel, with so many octets behind them."""
    frame = SAMPLE_OCTETS * channels
    size = length * frame
    return HEADER.pack(
        b"RIFF", HEADER.size - 8 + size + behind, b"WAVE", b"fmt ", 16, PCM, channels, rate, rate * frame, frame,
        8 * SAMPLE_OCTETS, b"data", size,
    )


def write(channels: Sequence[Channel], rate: int, output: Callable[[bytes], object], marks: Marks = ()) -> int:
    """Write the file block by block, with marks that editors show; how many samples each channel has."""
    length = max(channel.length for channel in channels)
    behind = marked(marks)
    output(header(len(channels), rate, length, len(behind)))
    for position in range(0, length, BLOCK_SAMPLES):
        count = min(BLOCK_SAMPLES, length - position)
        output(interleaved(channels, position, count))
    output(behind)
    return length


def marked(marks: Marks) -> bytes:
    """The chunks with cue points and their labels; nothing where there are none."""
    if not marks:
        return b""
    kept = marks[:MAX_MARKS]
    points = b"".join(CUE.pack(number, at, b"data", 0, 0, at) for number, (at, _) in enumerate(kept, 1))
    labels = b"adtl"
    for number, (_, text) in enumerate(kept, 1):
        body = struct.pack("<I", number) + text.encode("ascii", "replace") + b"\0"
        labels += CHUNK.pack(b"labl", len(body)) + body + bytes(len(body) % 2)
    cues = struct.pack("<I", len(kept)) + points
    return CHUNK.pack(b"cue ", len(cues)) + cues + CHUNK.pack(b"LIST", len(labels)) + labels


def interleaved(channels: Sequence[Channel], position: int, count: int) -> bytes:
    """So many samples of each channel, which take turns."""
    block = array("H", bytes(count * SAMPLE_OCTETS * len(channels)))
    for number, channel in enumerate(channels):
        block[number :: len(channels)] = array("H", channel.read(position, count))
    return block.tobytes()
