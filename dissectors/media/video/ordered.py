"""Datagrams of a stream in the order of their numbers, and those of one timestamp together.

Law of this file: a datagram that is missing is waited for until so many others came. What comes later is late, and is
counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MAX_WAITING = 128
RESTART = 3000
"""Datagrams that are waited for at once, and a step of their numbers that is taken for a new beginning."""

MAX_PARTS = 4096
"""Datagrams of one frame that are kept."""


class Part(NamedTuple):
    """A datagram of a frame: its number without end, its timestamp, its time in nanoseconds, marker and payload."""

    number: int
    timestamp: int
    time: int
    marker: bool
    payload: bytes


class Gathered(NamedTuple):
    """The datagrams of one timestamp; `whole` where none is missing among them, nor at the end, `surely` nor before."""

    parts: list[Part]
    whole: bool
    surely: bool


class Ordered:
    """One stream of video. `late` counts datagrams whose place was taken already, `missing` those that never came."""

    def __init__(self) -> None:
        self._waiting: dict[int, Part] = {}
        self._next: int | None = None
        self._parts: list[Part] = []
        self._gap = True
        self._whole = self._surely = False
        self.late = self.missing = 0

    def add(self, sequence: int, timestamp: int, time: int, marker: bool, payload: bytes) -> Iterator[Gathered]:
        """The frames that are at their end with this datagram."""
        if self._next is None:
            self._next = sequence
        step = (sequence - self._next + 0x8000) % 0x10000 - 0x8000
        if abs(step) > RESTART:
            yield from self.finish()
            self._next, step = sequence, 0
        number = self._next + step
        if step < 0 or number in self._waiting:
            self.late += 1
            return
        self._waiting[number] = Part(number, timestamp, time, marker, payload)
        yield from self._ready(MAX_WAITING)

    def finish(self) -> Iterator[Gathered]:
        """What is left, with gaps where something is missing."""
        yield from self._ready(0)
        yield from self._end(whole=True)
        self._gap = True

    def _ready(self, waiting: int) -> Iterator[Gathered]:
        while self._waiting:
            part = self._waiting.pop(self._next or 0, None)
            if part is not None:
                yield from self._take(part)
            elif len(self._waiting) <= waiting:
                return
            else:
                before, self._next = self._next or 0, min(self._waiting)
                self.missing += self._next - before
                self._gap = True

    def _take(self, part: Part) -> Iterator[Gathered]:
        if self._parts and part.timestamp != self._parts[0].timestamp:
            # What is missing between two frames may be of either.
            yield from self._end(whole=not self._gap)
        if not self._parts:
            self._whole, self._surely = True, not self._gap
        elif self._gap:
            self._whole = False
        self._gap = False
        if len(self._parts) < MAX_PARTS:
            self._parts.append(part)
        else:
            self._whole = False
        self._next = part.number + 1
        if part.marker:
            yield from self._end(whole=True)

    def _end(self, whole: bool) -> Iterator[Gathered]:
        if self._parts:
            yield Gathered(self._parts, self._whole and whole, self._surely)
            self._parts = []
