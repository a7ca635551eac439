"""What a call has announced, to be asked for each of its streams: the line of a port, and when a side was on hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from dissectors.analysis.calls.negotiation import Announced
from dissectors.report import Media

SENDING, RECEIVING = ("sendrecv", "sendonly"), ("sendrecv", "recvonly")
UNSPECIFIED_ADDRESSES = ("0.0.0.0", "::")
DISCARD_PORT = 9
FAX = "image"
OTHER_SIDE = {"caller": "callee", "callee": "caller"}
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
        if not self._spans:
            return 0
        return max(0, self._until(last) - self._until(first))

    def _until(self, time: int) -> int:
        """The length of all of them up to a moment."""
        place = bisect_right(self._begins, time)
        if not place:
            return 0
        begin, end = self._spans[place - 1]
        return self._before[place - 1] + min(time, end) - begin


NEVER = Intervals(())


def are_bundled(one: Media, other: Media, groups: Iterable[tuple[str, ...]]) -> bool:
    """Whether two lines share one transport, by the BUNDLE groups of the answer (RFC 9143 section 7.3)."""
    return any([one.mid in group and other.mid in group for group in groups])


def is_nowhere(line: Media) -> bool:
    """Whether a line has the address 0.0.0.0 by which RFC 2543 held a call.

    With port 9 it holds nothing where ICE or a BUNDLE group says where media go (RFC 9429 section 5.2.1, RFC 8840
    section 4.1.1).
    """
    if line.address not in UNSPECIFIED_ADDRESSES:
        return False
    return line.port != DISCARD_PORT or not (line.ufrag or line.candidates or line.mid)


class MediaLines:
    """The media lines that a call has announced so far, in order: walked once, asked for each stream."""

    def __init__(self, announced: Iterable[Announced]) -> None:
        self._lines = [*announced]
        # RTP is of what was not refused, and of no fax, which often takes the port of the sound.
        likely = [line for line in self._lines if line.offered.state != "refused" and line.media.kind != FAX]
        ordered = [*self._lines, *likely] if len(likely) < len(self._lines) else self._lines
        self._described: dict[tuple[str, int], list[Announced]] = {}
        for line in self._lines:
            self._described.setdefault((line.side, line.time), []).append(line)
        self.several = len(self._described) < len(self._lines)
        self._latest = {line.side: line for line in ordered}
        self._of_port = {(line.side, line.port): line for line in ordered}
        self._may_hold = any([_may_hold(line) for line in self._lines])
        self._on_hold: dict[tuple[str, str], Intervals] = {}

    def find(self, side: str, port: int) -> Announced | None:
        """The latest line of a side with this port, else the latest of that side."""
        return self._of_port.get((side, port)) or self._latest.get(side)

    def beside(self, found: Announced | None, port: int) -> list[Announced]:
        """All lines to which media of a port may belong, where that finds this one.

        They are those of its description that have this port or, as a BUNDLE group that was accepted, one transport
        with it (RFC 9143 section 9.2); all of RTP, where none has this port.
        """
        if found is None:
            return []
        lines = [line for line in self._described[found.side, found.time] if line.port and line.media.kind != FAX]
        if found.port == port:
            groups = found.offered.bundles
            lines = [line for line in lines if line.port == port or are_bundled(line.media, found.media, groups)]
        return lines or [found]

    def on_hold(self, sender: str, kind: str) -> Intervals:
        """When a side was not to send this kind of media.

        Either it said so itself (recvonly, inactive), or its peer did (sendonly, inactive), or one of them named the
        address 0.0.0.0 of RFC 2543; who holds (sendonly, and was sendrecv before) need not send, and a fax takes the
        place of sound. What was offered and refused holds nobody.
        """
        if not self._may_hold:
            return NEVER
        found = self._on_hold.get((sender, kind))
        if found is None:
            lines = [line for line in self._lines if line.media.kind in (kind, FAX)]
            found = self._on_hold[sender, kind] = Intervals(_held(lines, sender, kind))
        return found


def _may_hold(line: Announced) -> bool:
    """Whether a line holds one of the sides: most calls have none that does."""
    return line.media.direction != "sendrecv" or is_nowhere(line.media) or line.media.kind == FAX


def _held(lines: list[Announced], sender: str, kind: str) -> Iterable[tuple[int, int]]:
    silent: dict[str, bool] = {}
    spoke: set[str] = set()
    begun: int | None = None
    described = {(line.side, line.time) for line in lines if line.media.kind == kind and line.port}
    for line in sorted(lines, key=lambda each: each.time):
        if line.offered.state == "refused":
            continue
        direction = line.media.direction
        if line.media.kind != kind:
            if (line.side, line.time) in described or not line.port:
                continue
            silent[line.side] = True
        else:
            words = SENDING if line.side == sender else RECEIVING
            # Who could speak and says sendonly holds the call: it may play music and need not.
            holds = line.side == sender and direction == "sendonly" and line.side in spoke
            silent[line.side] = holds or is_nowhere(line.media) or direction not in words
            if direction == "sendrecv":
                spoke.add(line.side)
        held = any(silent.values())
        if held and begun is None:
            begun = line.time
        elif not held and begun is not None:
            yield begun, line.time
            begun = None
    if begun is not None:
        yield begun, FOREVER
