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


def header(channels: int, rate: int, length: int) -> bytes:
    """What stands before so many samples of each channel."""
    frame = SAMPLE_OCTETS * channels
    size = length * frame
    return HEADER.pack(
        b"RIFF", HEADER.size - 8 + size, b"WAVE", b"fmt ", 16, PCM, channels, rate, rate * frame, frame,
        8 * SAMPLE_OCTETS, b"data", size,
    )


def write(channels: Sequence[Channel], rate: int, output: Callable[[bytes], object]) -> int:
    """Write the file block by block; how many samples each channel has."""
    length = max(channel.length for channel in channels)
    output(header(len(channels), rate, length))
    for position in range(0, length, BLOCK_SAMPLES):
        count = min(BLOCK_SAMPLES, length - position)
        output(interleaved(channels, position, count))
    return length


def interleaved(channels: Sequence[Channel], position: int, count: int) -> bytes:
    """So many samples of each channel, which take turns."""
    block = array("H", bytes(count * SAMPLE_OCTETS * len(channels)))
    for number, channel in enumerate(channels):
        block[number :: len(channels)] = array("H", channel.read(position, count))
    return block.tobytes()
