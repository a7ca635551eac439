"""Sound for a page: what was heard in a call, small enough to be part of it, with where something is missing.

Law of this file: a page has a bound. What does not fit is cut at its end, and that is said.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from dissectors.media import wav
from dissectors.media.decoders import available
from dissectors.media.listening import Listened
from dissectors.media.track import Channel
from dissectors.media.video.container import Unwritten, written
from dissectors.media.video.soundtrack import soundtrack
from dissectors.report import Report

MAX_OCTETS = 1_000_000
"""Octets of all sound in a page."""

MIN_SECONDS = 1.0
CODED_OCTETS = 6000
"""What a second of Opus takes at most, for two sides."""

SLICES = 400
FULL = 32768


class Clip(NamedTuple):
    """The sound of a call, by its Call-ID (None: of streams without one): from when on, how long, and what is cut off.

    Each of the `sides` has its name and how loud it is, from 0 to 1, in `SLICES` parts of the time; `holes` are the
    names of the sides with the seconds from which and for which something is missing.
    """

    call_id: str | None
    kind: str
    octets: bytes
    begin: float
    seconds: float
    cut_off: float
    sides: tuple[tuple[str, tuple[float, ...]], ...]
    holes: tuple[tuple[str, float, float], ...]


def clips(report: Report, listened: Sequence[Listened]) -> tuple[Clip, ...]:
    """The sound of these calls, as much as there is room for."""
    room, found = MAX_OCTETS, []
    for each in listened:
        if not each.sounding.heard:
            continue
        clip = _clip(report, each, room)
        if clip is not None:
            room -= len(clip.octets)
            found.append(clip)
    return tuple(found)


def _clip(report: Report, listened: Listened, room: int) -> Clip | None:
    channels, rate = listened.sounding.channels, listened.choice.rate
    whole = max(channel.length for channel in channels) / rate
    opus = available()
    seconds = min(whole, room / (CODED_OCTETS if opus else 2 * rate * len(channels)))
    if seconds < min(whole, MIN_SECONDS) or not seconds:
        return None
    count = int(seconds * rate)
    try:
        octets = _opus(listened, count) if opus else _wav(channels, rate, count)
    except Unwritten:
        return None
    holes = [
        (each.side, begin / rate, (min(end, count) - begin) / rate)
        for each in listened.choice.heard
        for begin, end in listened.sounding.tallies[each.position].track.holes if begin < count
    ]
    sides = tuple((side, tuple(_loudness(channel, count)))
                  for side, channel in zip(listened.choice.sides, channels, strict=True))
    return Clip(
        None if listened.call is None else report.calls[listened.call].call_id, "audio/ogg" if opus else "audio/wav",
        octets, listened.zero / 1e9, seconds, whole - seconds, sides, tuple(holes),
    )


def _opus(listened: Listened, count: int) -> bytes:
    track = soundtrack(listened.sounding.channels, listened.choice.rate, listened.choice.sides)
    packets = takewhile(lambda packet: packet.shown < count, track.packets)
    return b"".join(written([track._replace(packets=packets, encoder="libopus")], "ogg"))


def _wav(channels: Sequence[Channel], rate: int, count: int) -> bytes:
    return wav.header(len(channels), rate, count) + wav.interleaved(channels, 0, count)


def _loudness(channel: Channel, count: int) -> Iterator[float]:
    """The loudest sample of each part of the time."""
    for part in range(SLICES):
        begin, end = count * part // SLICES, max(count * part // SLICES + 1, count * (part + 1) // SLICES)
        values = array("h", channel.read(begin, end - begin))
        if sys.byteorder == "big":
            values.byteswap()
        yield round(max(max(values), -min(values)) / FULL, 3)
