"""Where samples go in time: one channel of a file, and the streams that are laid into it.

Laws of this file:
1. A datagram stands at its timestamp. The time of the capture says only where a stream begins.
2. A step of the timestamp that neither time nor the datagrams left out explain is none: the time of the capture holds.
3. What is not there is silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import IO

from dissectors.media.pcm import SAMPLE_OCTETS

MAX_SAMPLES = (1 << 30) - 64
"""Samples of a channel: what a WAV file, which is below 4 GiB with its header, holds with two of them."""

SLACK_SECONDS = 2.0
"""How far timestamps may be off the time of the capture: pauses, bursts and jitter."""

SECOND_NS = 1_000_000_000
MAX_LEFT_OUT = 3000
"""Datagrams whose loss explains a step of the timestamp."""


MAX_HOLES = 10_000


class TooLong(Exception):
    """There is more sound than a file may hold."""


class Channel:
    """Samples of one side, in a temporary file; what was not written is silence."""

    def __init__(self) -> None:
        from tempfile import TemporaryFile

        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  (closed with the channel)
        self._at = 0
        self.length = 0

    def write(self, position: int, samples: bytes) -> None:
        """Lay samples over what there is, from a position on; what is before the beginning is left out."""
        if position < 0:
            samples, position = samples[-position * SAMPLE_OCTETS :], 0
        end = position + len(samples) // SAMPLE_OCTETS
        if end > MAX_SAMPLES:
            raise TooLong
        if samples:
            if position != self._at:
                self._file.seek(position * SAMPLE_OCTETS)
            self._file.write(samples)
            self._at, self.length = end, max(self.length, end)

    def read(self, position: int, count: int) -> bytes:
        """So many samples from a position on, with silence behind the end."""
        self._file.seek(position * SAMPLE_OCTETS)
        self._at = -1
        return self._file.read(count * SAMPLE_OCTETS).ljust(count * SAMPLE_OCTETS, b"\0")

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


class Timeline:
    """Where the datagrams of one stream stand, in so many units a second from the time `zero` in nanoseconds on.

    `jumps` counts steps of the timestamp that were not followed.
    """

    def __init__(self, rate: int, zero: int) -> None:
        self._rate, self._zero = rate, zero
        self._last: tuple[int, int, int, int] | None = None
        self.jumps = 0

    def place(self, sequence: int, timestamp: int, time: int, clock: int, frame: int) -> int:
        """Where a datagram stands, by the clock of its timestamps; `frame` is how long the one before lasts."""
        arrived = (2 * (time - self._zero) * self._rate + SECOND_NS) // (2 * SECOND_NS)
        if self._last is None:
            self._last = sequence, timestamp, time, arrived
            return arrived
        before, stamp, when, place = self._last
        step = _signed(timestamp - stamp, 32) * self._rate // clock
        passed = (time - when) * self._rate / SECOND_NS
        if not self._explained(step, _signed(sequence - before, 16), passed, frame):
            self.jumps += 1
            step = max(0, arrived - place)
        position = place + step
        if step >= 0:
            self._last = sequence, timestamp, time, position
        return position

    def _explained(self, step: int, left_out: int, passed: float, frame: int) -> bool:
        slack = SLACK_SECONDS * self._rate
        if abs(step) <= slack or abs(step - passed) <= slack + passed / 10:
            return True
        return 0 < left_out < MAX_LEFT_OUT and abs(step - left_out * frame) <= slack


class Track:
    """One stream of sound on its channel; `zero` is the time in nanoseconds at which the file begins.

    `holes` are the spans from one position to another, of which datagrams are missing.
    """

    def __init__(self, channel: Channel, rate: int, zero: int) -> None:
        self._channel, self._rate = channel, rate
        self._timeline = Timeline(rate, zero)
        self._frame = 0
        self._end: tuple[int, int] | None = None
        self.holes: list[tuple[int, int]] = []

    def place(self, sequence: int, timestamp: int, time: int, clock: int | None = None) -> int:
        """Where a datagram belongs, by the clock of its timestamps."""
        return self._timeline.place(sequence, timestamp, time, clock or self._rate, self._frame)

    def lay(self, sequence: int, position: int, samples: bytes) -> None:
        """Lay a datagram's samples to a position; raises TooLong."""
        self._frame = len(samples) // SAMPLE_OCTETS
        self._channel.write(position, samples)
        self._follow(sequence, position, position + self._frame)

    def add(self, sequence: int, timestamp: int, time: int, samples: bytes, clock: int | None = None) -> None:
        """Lay a datagram's samples to where they belong, by the clock of its timestamps; raises TooLong."""
        self.lay(sequence, self.place(sequence, timestamp, time, clock), samples)

    def over(self, position: int, samples: bytes) -> None:
        """Lay samples that are of no datagram over what there is; raises TooLong."""
        self._channel.write(position, samples)

    def _follow(self, sequence: int, begin: int, end: int) -> None:
        """Note what is missing before a datagram, and what a late one fills."""
        last = self._end
        step = 1 if last is None else _signed(sequence - last[0], 16)
        if last is not None and step > 1 and begin > last[1] and len(self.holes) < MAX_HOLES:
            self.holes.append((last[1], begin))
        if last is None or step > 0:
            self._end = sequence, end
        elif self.holes:
            self.holes = [part for hole in self.holes for part in _without(hole, begin, end)]

    @property
    def jumps(self) -> int:
        """Steps of the timestamp that were not followed."""
        return self._timeline.jumps


def _without(hole: tuple[int, int], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """What is left of a span without another one."""
    for part in ((hole[0], min(hole[1], begin)), (max(hole[0], end), hole[1])):
        if part[0] < part[1]:
            yield part


def _signed(number: int, bits: int) -> int:
    """A difference of counters that begin again, between half of their range below zero and above."""
    half = 1 << bits - 1
    return (number + half) % (1 << bits) - half
