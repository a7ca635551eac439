"""The sound beside a picture: channels of samples as a track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dissectors.media import wav
from dissectors.media.pcm import SAMPLE_OCTETS
from dissectors.media.track import Channel
from dissectors.media.video.container import Lane
from dissectors.media.video.film import Packet

PARTS_A_SECOND = 50


def soundtrack(channels: Sequence[Channel], rate: int, sides: Sequence[str]) -> Lane:
    """The track, in parts of 20 ms."""
    step = max(1, rate // PARTS_A_SECOND)
    silence = bytes(step * SAMPLE_OCTETS * len(channels))
    return Lane(f"sound of {' and '.join(sides)}", rate, "wav", wav.header(len(channels), rate, step) + silence,
                _packets(channels, step))


def _packets(channels: Sequence[Channel], step: int) -> Iterator[Packet]:
    length = max(channel.length for channel in channels)
    for position in range(0, length, step):
        count = min(step, length - position)
        yield Packet(position, position, count, True, wav.interleaved(channels, position, count))
