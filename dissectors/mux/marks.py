"""What the counters of a stream remember of moments: jumps, surprises, pauses and rhythms, a few of each."""

from __future__ import annotations

from typing import TypeVar

from dissectors.wire.values import Struct

MAX_RHYTHMS = 16

Frame = tuple[int, int]
"""The number of a file, and of a frame in it."""


class Leap(Struct, frozen=True):
    """A timestamp that no clock explains: when and where it came, what it is, how far from the one before, how many
    nanoseconds behind it, and how far the sequence number moved, modulo its size."""

    time: int
    frame: Frame
    timestamp: int
    step: int
    gap: int
    numbers: int


class Surprise(Struct, frozen=True):
    """A datagram that came so many timestamp units too early (or, below zero, too late) after the one before it."""

    size: float
    time: int
    frame: Frame
    step: int
    numbers: int


class Pause(Struct, frozen=True):
    """So many nanoseconds without a datagram; when and where the next one came, how far timestamp and number moved."""

    size: int
    time: int
    frame: Frame
    step: int
    numbers: int


class Freeze(Struct, frozen=True):
    """So many nanoseconds between frames: when and where the later began, its timestamp step, numbers left out."""

    size: int
    time: int
    frame: Frame
    step: int
    missing: int


class Rhythm(Struct, frozen=True):
    """Datagrams in a row that are one timestamp step apart: the first and the last time, how many, the first frame."""

    step: int
    first: int
    last: int
    times: int
    frame: Frame


Sized = TypeVar("Sized", bound=Surprise | Pause | Freeze)


def among_largest(kept: tuple[Sized, ...], one: Sized, most: int) -> tuple[Sized, ...]:
    """The `most` largest, either way, of those that are kept and another one, in the order in which they came."""
    if len(kept) < most:
        return *kept, one
    least = min(kept, key=_size)
    return kept if _size(one) <= _size(least) else (*[each for each in kept if each is not least], one)


def _size(one: Surprise | Pause | Freeze) -> float:
    return abs(one.size)


def with_rhythm(kept: tuple[Rhythm, ...], one: Rhythm) -> tuple[Rhythm, ...]:
    """The rhythms with another one, which goes on with the last where it is the same; as many as there is room for."""
    if kept and kept[-1].step == one.step:
        last = kept[-1]
        return (*kept[:-1], Rhythm(last.step, last.first, one.last, last.times + one.times, last.frame))
    return (*kept, one) if len(kept) < MAX_RHYTHMS else kept
