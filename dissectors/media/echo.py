"""Whether what one side says comes back from the other one: later, and quieter.

Laws of this file:
1. How the loudness of both goes up and down must agree, and so must the wave itself, at the same delay in several
   windows of time.
2. A steady tone agrees with everything; so does one recording that both sides play. Where loudness does not change, or
   nothing got quieter, there is no echo.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from math import sqrt
from operator import mul
from typing import NamedTuple

from dissectors.media.loudness import decibels
from dissectors.media.track import Channel
from dissectors.report import Echo

BLOCKS_A_SECOND = 100
WINDOW_BLOCKS = 800
MAX_WINDOWS = 75
MIN_DELAY, MAX_DELAY = 2, 60
"""In blocks of 10 ms."""

MIN_ALIKE, MIN_WAVE = 0.8, 0.5
MIN_SPREAD_DB, MIN_LEVEL_DB = 6.0, -45.0
MIN_LOSS_DB, MAX_LOSS_DB = 6.0, 50.0
MIN_WINDOWS = 3
SEGMENT_BLOCKS = 25
"""How much of the wave is compared: where it is loudest."""


class Window(NamedTuple):
    """What was found in a window: the delay in samples, how much quieter it is, how alike, and where it begins."""

    delay: int
    loss: float
    likeness: float
    position: int


def echo(said: Channel, heard: Channel, rate: int, zero: int) -> Echo | None:
    """The echo of what is said in what is heard; None where there is none. `zero` is the time of the first sample."""
    step = rate // BLOCKS_A_SECOND
    found = [*_windows(said, heard, step)]
    for each in found:
        alike = [one for one in found if abs(one.delay - each.delay) <= step]
        if len(alike) >= MIN_WINDOWS:
            first = min(alike, key=lambda one: one.position)
            middle = sorted(one.delay for one in alike)[len(alike) // 2]
            return Echo(
                round(1000 * middle / rate, 1), round(sum(one.loss for one in alike) / len(alike), 1),
                round(sum(one.likeness for one in alike) / len(alike), 2), len(alike),
                zero / 1e9 + first.position / rate,
            )
    return None


def _windows(said: Channel, heard: Channel, step: int) -> Iterator[Window]:
    length, size = min(said.length, heard.length), WINDOW_BLOCKS * step
    for number in range(min(MAX_WINDOWS, length // size)):
        position = number * size
        ours = _samples(said, position, size)
        loudness = _loudness(ours, step)
        if max(loudness) < MIN_LEVEL_DB or _spread(loudness) < MIN_SPREAD_DB:
            continue
        theirs = _samples(heard, position, size + MAX_DELAY * step)
        delay = _delay(loudness, _loudness(theirs, step))
        if delay is not None and (found := _wave(ours, theirs, loudness, delay, step, position)) is not None:
            yield found


def _samples(channel: Channel, position: int, count: int) -> array[int]:
    return array("h", channel.read(position, count))


def _loudness(values: array[int], step: int) -> list[float]:
    """The loudness of each block."""
    return [decibels(sum(map(mul, block, block)) / step)
            for block in (values[at : at + step] for at in range(0, len(values) - step + 1, step))]


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _delay(ours: Sequence[float], theirs: Sequence[float]) -> int | None:
    """By how many blocks later the loudness of the other side goes up and down as ours does."""
    likeness = {lag: _alike(ours, theirs[lag : lag + len(ours)]) for lag in range(MIN_DELAY, MAX_DELAY)}
    best = max(likeness, key=likeness.__getitem__)
    return best if likeness[best] >= MIN_ALIKE else None


def _alike(one: Sequence[float], two: Sequence[float]) -> float:
    """The correlation of two series."""
    count = len(one)
    mean, other = sum(one) / count, sum(two) / count
    ours, theirs = [value - mean for value in one], [value - other for value in two]
    power = sum(map(mul, ours, ours)) * sum(map(mul, theirs, theirs))
    return sum(map(mul, ours, theirs)) / sqrt(power) if power else 0.0


def _wave(
    ours: array[int], theirs: array[int], loudness: Sequence[float], delay: int, step: int, position: int
) -> Window | None:
    """The wave where it is loudest, against that of the other side about so much later."""
    loudest = max(range(len(loudness) - SEGMENT_BLOCKS), key=lambda at: sum(loudness[at : at + SEGMENT_BLOCKS]))
    begin, count = loudest * step, SEGMENT_BLOCKS * step
    wave = ours[begin : begin + count]
    power = sum(map(mul, wave, wave))
    best, likeness, loss = 0, 0.0, 0.0
    for lag in range(max(0, (delay - 1) * step), (delay + 2) * step):
        other = theirs[begin + lag : begin + lag + count]
        energy = sum(map(mul, other, other)) if len(other) == count else 0
        if energy and power:
            alike = abs(sum(map(mul, wave, other))) / sqrt(power * energy)
            if alike > likeness:
                best, likeness, loss = lag, alike, decibels(power / count) - decibels(energy / count)
    if likeness < MIN_WAVE or not MIN_LOSS_DB <= loss <= MAX_LOSS_DB:
        return None
    return Window(best, loss, likeness, position + begin)
