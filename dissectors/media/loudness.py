"""How loud a stream is, datagram by datagram, without keeping its samples.

Laws of this file:
1. Levels are in dBov (ITU-T P.56, RFC 6464): the power against that of the loudest square wave.
2. A sample at the loudest value is no clipping. Several in a row are, where the signal came there steeply: the flat top
   of a loud tone is as wide as the steps of a codec are.
"""

from __future__ import annotations

import sys
from array import array
from math import log10
from operator import mul

from dissectors.report import Heard, Place

FULL = 32768
LOWEST_DB = -96
ACTIVE_DB, SILENT_DB = -50, -70
LOUDEST = {"PCMU": (32124, 1024), "PCMA": (32256, 1024)}
"""The loudest sample of a codec, and how far the next one is below it; for others those of 16 bits."""

LOUDEST_LINEAR = 32767, 1
MIN_RUN = 3
"""Samples at the loudest value, one after the other, that are cut off."""


class Loudness:
    """One stream's; decoded samples come in the order of the capture."""

    __slots__ = (
        "_active", "_clipped", "_clipped_at", "_energy", "_loudest", "_packets", "_peak", "_seconds", "_silent",
        "_step",
    )

    def __init__(self, codec: str) -> None:
        self._loudest, self._step = LOUDEST.get(codec, LOUDEST_LINEAR)
        self._packets = self._clipped = self._peak = 0
        self._seconds = self._silent = self._active = self._energy = 0.0
        self._clipped_at: tuple[int, Place] | None = None

    def add(self, time: int, place: Place, samples: bytes, rate: int) -> None:
        """Take the samples of a datagram that came at a time in nanoseconds."""
        values = array("h", samples)
        if sys.byteorder == "big":
            values.byteswap()
        if not values:
            return
        seconds = len(values) / rate
        power = sum(map(mul, values, values)) / len(values)
        level = decibels(power)
        peak = max(max(values), -min(values))
        self._packets += 1
        self._seconds += seconds
        self._peak = max(self._peak, peak)
        if level > ACTIVE_DB:
            self._active += seconds
            self._energy += power * seconds
        elif level < SILENT_DB:
            self._silent += seconds
        if peak >= self._loudest and self._cut(values):
            self._clipped += 1
            self._clipped_at = self._clipped_at or (time, place)

    def _cut(self, values: array[int]) -> bool:
        """Whether several samples in a row are at the loudest value, and the one before or behind is far from it."""
        run, before = 0, 0
        for value in (*values, 0):
            size = abs(value)
            if size >= self._loudest:
                run += 1
                continue
            if run >= MIN_RUN and min(before, size) < self._loudest - 2 * self._step:
                return True
            run, before = 0, size
        return False

    def to_report(self) -> Heard | None:
        """What it sounds like; None where nothing was decoded."""
        if not self._packets:
            return None
        level = round(decibels(self._energy / self._active), 1) if self._active else None
        time, place = self._clipped_at or (None, None)
        return Heard(
            round(self._seconds, 3), round(decibels(self._peak**2), 1), level, round(self._active, 3),
            round(self._silent, 3), self._clipped, self._packets, None if time is None else time / 1e9, place,
        )


def decibels(power: float) -> float:
    """A power against the loudest."""
    return max(float(LOWEST_DB), 10 * log10(power / FULL**2)) if power > 0 else float(LOWEST_DB)
