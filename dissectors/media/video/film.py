"""One stream of video as frames in a file: whole ones alone, from the first key frame on.

Laws of this file:
1. A frame of which a datagram is missing is left out, and counted with the moment of the gap.
2. Frames wait in a temporary file; only where they stand in it is kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

from dissectors.media.track import Timeline
from dissectors.media.video.codecs import CLOCK, Video
from dissectors.media.video.frame import Frame
from dissectors.media.video.ordered import Gathered, Ordered, Part
from dissectors.wire.errors import Malformed

MAX_GAPS = 1000
MAX_HELD_OCTETS = 1 << 16
"""Parameter sets, and what else is sent before a frame on its own, that are kept for it."""


class Placed(NamedTuple):
    """A frame in the temporary file: when it is shown, where its octets are, and whether it is a key frame."""

    shown: int
    at: int
    octets: int
    key: bool


class Packet(NamedTuple):
    """A frame of a track: when it is decoded and shown, how long it lasts, whether it is a key frame, its octets."""

    decoded: int
    shown: int
    lasts: int
    key: bool
    octets: bytes


class Film:
    """One stream; `gaps` are the moments, in seconds from the beginning of the file, at which frames are left out.

    `configuration` are the parameter sets that SDP has. `before` counts frames before the first key frame, `broken`
    those that are not whole.
    """

    def __init__(self, codec: Video, file: IO[bytes], zero: int, configuration: bytes = b"") -> None:
        self.codec = codec
        self.ordered = Ordered()
        self.frames: list[Placed] = []
        self.gaps: list[float] = []
        self.before = self.broken = 0
        self.sample = b""
        self._file = file
        self._configuration = configuration
        self._held = self._held_sets = b""
        self._timeline = Timeline(CLOCK, zero)

    def add(self, sequence: int, timestamp: int, time: int, marker: bool, payload: bytes) -> None:
        """Take a datagram."""
        for gathered in self.ordered.add(sequence, timestamp, time, marker, payload):
            self._take(gathered)

    def finish(self) -> None:
        """Take what still waits."""
        for gathered in self.ordered.finish():
            self._take(gathered)

    @property
    def jumps(self) -> int:
        """Steps of the timestamp that were not followed."""
        return self._timeline.jumps

    def _take(self, gathered: Gathered) -> None:
        frame = self._frame(gathered)
        if frame is None:
            return
        sets = self._held_sets + frame.configuration
        if frame.empty:
            if len(self._held) + len(frame.octets) <= MAX_HELD_OCTETS:
                self._held, self._held_sets = self._held + frame.octets, sets
            return
        octets, self._held, self._held_sets = self._held + frame.octets, b"", b""
        self._configuration = sets or self._configuration
        if not self.frames and not frame.key:
            self.before += 1
            return
        if not self.frames:
            self.sample = self.codec.sample(octets if sets else self._configuration + octets)
        self._place(gathered.parts[0], octets, frame.key)

    def _frame(self, gathered: Gathered) -> Frame | None:
        """The frame where it is whole."""
        try:
            frame = self.codec.assemble([part.payload for part in gathered.parts]) if gathered.whole else None
        except Malformed:
            frame = None
        if frame is not None and (gathered.surely or frame.begins or frame.empty):
            return frame
        self.broken += 1
        if len(self.gaps) < MAX_GAPS:
            self.gaps.append(max(0.0, self._shown(gathered.parts[0]) / CLOCK))
        return None

    def _shown(self, part: Part) -> int:
        return self._timeline.place(part.number & 0xFFFF, part.timestamp, part.time, CLOCK, 0)

    def _place(self, part: Part, octets: bytes, key: bool) -> None:
        shown = self._shown(part)
        self._file.seek(0, 2)
        self.frames.append(Placed(shown, self._file.tell(), len(octets), key))
        self._file.write(octets)

    def packets(self) -> Iterator[Packet]:
        """The frames, in the order in which they are decoded."""
        due = sorted(frame.shown for frame in self.frames)
        # Where frames are sent in another order than they are shown, each is decoded before.
        ahead = max((one - frame.shown for one, frame in zip(due, self.frames, strict=True)), default=0)
        last = None
        for number, frame in enumerate(self.frames):
            decoded = due[number] - ahead
            decoded = decoded if last is None or decoded > last else last + 1
            lasts = max(0, due[number + 1] - due[number]) if number + 1 < len(due) else 0
            self._file.seek(frame.at)
            yield Packet(decoded, max(frame.shown, decoded), lasts, frame.key, self._file.read(frame.octets))
            last = decoded
