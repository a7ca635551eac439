"""The picture of a call: for each side waveform, spectrogram, loss and jitter, all over one axis of time.

Laws of this file:
1. Colour alone says nothing: what was lost stands in a row of its own, and each row has its name and its highest value.
2. A column of the picture is a span of time; whatever falls into it is drawn, however short.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dissectors.media.picture.shapes import Box, Points, Shape, Sheet, Stroke, Words
from dissectors.media.picture.spectrum import SIZE, levels, palette, shade
from dissectors.media.track import Channel
from dissectors.report import Stream

WIDTH, LEFT, RIGHT = 1200, 84, 16
COLUMNS = WIDTH - LEFT - RIGHT
TITLE, WAVE, SPECTRUM, LOSS, JITTER, SPACE, AXIS = 26, 96, SIZE // 2, 28, 56, 8, 30
SIDE = TITLE + WAVE + SPECTRUM + LOSS + JITTER + 4 * SPACE
TICKS = 8
FULL = 32768
SPECTRUM_RATE = 16000
LEAST_JITTER_MS = 5.0
"""The least height of the axis: noise must not look like trouble."""

PAPER, INK, FAINT, FIELD = "#ffffff", "#1b1f24", "#6a737d", "#f3f5f7"
SOUND, LOST, SHAKY, MISSING = "#2563a8", "#c0262d", "#8a5a00", "#f6d5d6"


class Side(NamedTuple):
    """One side: its name, its channel, its streams, and the spans of samples that are missing."""

    name: str
    channel: Channel
    streams: Sequence[Stream]
    holes: Sequence[tuple[int, int]]


def sheet(
    title: str, sides: Sequence[Side], rate: int, zero: float, length: int
) -> Sheet:
    """The picture; `zero` is the time of the first sample, `length` how many there are."""
    shapes: list[Shape] = [Box(0, 0, WIDTH, _height(len(sides)), PAPER), Words(LEFT, 20, title, INK, size=15)]
    seconds = length / rate
    for number, side in enumerate(sides):
        top = AXIS + number * SIDE
        shapes.append(Words(LEFT, top + TITLE - 8, side.name, INK, size=13))
        shapes += _wave(side, length, top + TITLE)
        top += TITLE + WAVE + SPACE
        shapes += _spectrum(side.channel, rate, length, top)
        top += SPECTRUM + SPACE
        shapes += _lost(side, rate, length, top)
        shapes += _jitter(side.streams, top + LOSS + SPACE, zero, seconds)
    return Sheet(WIDTH, _height(len(sides)), title, [*shapes, *_axis(AXIS + len(sides) * SIDE, seconds)])


def _height(sides: int) -> int:
    return AXIS + sides * SIDE + AXIS


def _x(time: float, zero: float, seconds: float) -> float:
    return LEFT + COLUMNS * max(0.0, min(1.0, (time - zero) / seconds if seconds else 0.0))


def _row(name: str, most: str, top: float, height: float) -> Iterator[Shape]:
    """The field of a row, its name, and what its upper edge means."""
    yield Box(LEFT, top, COLUMNS, height, FIELD)
    yield Words(LEFT - 8, top + height / 2 + (2 if most else 4), name, INK, "end")
    if most:
        yield Words(LEFT - 8, top + height / 2 + 16, most, FAINT, "end", 9)


def _samples(channel: Channel, position: int, count: int) -> array[int]:
    values = array("h", channel.read(position, count))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _holes(side: Side, length: int) -> Iterator[tuple[float, float]]:
    """Where something is missing: from where to where in the picture."""
    for begin, end in side.holes:
        x = LEFT + COLUMNS * begin / length
        yield x, max(1.0, COLUMNS * (end - begin) / length)


def _wave(side: Side, length: int, top: float) -> Iterator[Shape]:
    yield from _row("wave", "", top, WAVE)
    yield from (Box(x, top, width, WAVE, MISSING) for x, width in _holes(side, length))
    upper, lower = list[tuple[float, float]](), list[tuple[float, float]]()
    for column in range(COLUMNS):
        begin, end = length * column // COLUMNS, max(length * column // COLUMNS + 1, length * (column + 1) // COLUMNS)
        values = _samples(side.channel, begin, end - begin)
        for points, value in ((upper, max(values)), (lower, min(values))):
            points.append((LEFT + column + 0.5, top + WAVE / 2 * (1 - value / FULL)))
    for (x, high), (_, low) in zip(upper, lower, strict=True):
        yield Box(x - 0.5, high, 1, max(1.0, low - high), SOUND)


def _spectrum(channel: Channel, rate: int, length: int, top: float) -> Iterator[Shape]:
    step = max(1, rate // SPECTRUM_RATE)
    highest = rate / step / 2
    columns = []
    for column in range(COLUMNS):
        middle = (2 * column + 1) * length // (2 * COLUMNS)
        values = _samples(channel, max(0, middle - SIZE * step // 2), SIZE * step)
        taken = values if step == 1 else [sum(values[at : at + step]) // step for at in range(0, len(values), step)]
        columns.append([shade(level) for level in levels(taken)])
    yield from _row("kHz", f"{highest / 1000:g}", top, SPECTRUM)
    rows = [bytes(column[at] for column in columns) for at in reversed(range(SPECTRUM))]
    yield Points(LEFT, top, rows, palette())


def _lost(side: Side, rate: int, length: int, top: float) -> Iterator[Shape]:
    missing = sum(end - begin for begin, end in side.holes) / rate
    yield from _row("missing", f"{missing:.2f} s", top, LOSS)
    yield from (Box(x, top, width, LOSS, LOST) for x, width in _holes(side, length))


def _jitter(streams: Sequence[Stream], top: float, zero: float, seconds: float) -> Iterator[Shape]:
    known = sorted((one.time, one.jitter_ms) for each in streams for one in each.timeline if one.jitter_ms is not None)
    most = max([LEAST_JITTER_MS, *(jitter for _, jitter in known)])
    yield from _row("jitter", f"{most:.0f} ms", top, JITTER)
    if len(known) > 1:
        points = [(_x(time, zero, seconds), top + JITTER * (1 - jitter / most)) for time, jitter in known]
        yield Stroke(points, SHAKY, 1.5)


def _axis(top: float, seconds: float) -> Iterator[Shape]:
    for tick in range(TICKS + 1):
        x = LEFT + COLUMNS * tick / TICKS
        yield Box(x, top - 4, 1, 6, FAINT)
        anchor = "start" if tick == 0 else "end" if tick == TICKS else "middle"
        yield Words(x, top + 16, f"{seconds * tick / TICKS:.2f} s", FAINT, anchor, 11)
