"""What a call has announced, to be asked for each of its streams: the line of a port, and when a side was on hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from dissectors.analysis.calls.negotiation import Announced

SENDING, RECEIVING = ("sendrecv", "sendonly"), ("sendrecv", "recvonly")
UNSPECIFIED_ADDRESSES = ("0.0.0.0", "::")
FOREVER = 1 << 64
"""A moment, in nanoseconds, that no capture reaches."""


class Intervals:
    """Spans of time that do not overlap, in order; times are nanoseconds."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = [*spans]
        self._begins = [begin for begin, _ in self._spans]
        self._before = [0, *accumulate(end - begin for begin, end in self._spans)]

    def within(self, first: int, last: int) -> int:
        """For how many nanoseconds between `first` and `last` one of them lasted."""
        return max(0, self._until(last) - self._until(first))

    def _until(self, time: int) -> int:
        """The length of all of them up to a moment."""
        place = bisect_right(self._begins, time)
        if not place:
            return 0
        begin, end = self._spans[place - 1]
        return self._before[place - 1] + min(time, end) - begin


NEVER = Intervals(())


class MediaLines:
    """The media lines that a call has announced so far, in order: walked once, asked for each stream."""

    def __init__(self, announced: Iterable[Announced]) -> None:
        self._lines = [*announced]
        self._latest = {line.side: line for line in self._lines}
        self._of_port = {(line.side, line.port): line for line in self._lines}
        self._on_hold: dict[tuple[str, str], Intervals] = {}

    def find(self, side: str, port: int) -> Announced | None:
        """The latest line of a side with this port, else the latest of that side."""
        return self._of_port.get((side, port)) or self._latest.get(side)

    def on_hold(self, sender: str, kind: str) -> Intervals:
        """When a side was not to send this kind of media.

        Either it said so itself (recvonly, inactive), or its peer did (sendonly, inactive, or the address 0.0.0.0 of
        RFC 2543). What was offered and refused holds nobody.
        """
        found = self._on_hold.get((sender, kind))
        if found is None:
            lines = [line for line in self._lines if line.media.kind == kind]
            spans = Intervals(_held(lines, sender)) if any(map(_may_hold, lines)) else NEVER
            found = self._on_hold[sender, kind] = spans
        return found


def _may_hold(line: Announced) -> bool:
    """Whether a line holds one of the sides: most calls have none that does."""
    return line.media.direction != "sendrecv" or line.address in UNSPECIFIED_ADDRESSES


def _held(lines: list[Announced], sender: str) -> Iterable[tuple[int, int]]:
    silent: dict[str, bool] = {}
    begun: int | None = None
    for line in sorted(lines, key=lambda each: each.time):
        if line.offered.state == "refused":
            continue
        words = SENDING if line.side == sender else RECEIVING
        nowhere = line.side != sender and line.address in UNSPECIFIED_ADDRESSES
        silent[line.side] = nowhere or line.media.direction not in words
        held = any(silent.values())
        if held and begun is None:
            begun = line.time
        elif not held and begun is not None:
            yield begun, line.time
            begun = None
    if begun is not None:
        yield begun, FOREVER
