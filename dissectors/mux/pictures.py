"""What the scan counts of a stream of pictures: frames by timestamp, how large they are, how far apart, which are key.

A frame is what has one timestamp, in the order of the sequence numbers: what comes late or again belongs to one that
has passed.
"""

from __future__ import annotations

from dissectors.mux.key_frames import CODECS, DESCRIPTOR, extension_signs, payload_signs
from dissectors.mux.marks import Frame, Freeze, among_largest
from dissectors.mux.repairs import FALL, LARGE_PICTURE, MAX_LARGE, RISE, Large
from dissectors.wire.values import Struct

PICTURES_CLOCK = 90000
MAX_LATE_NUMBERS = 3000
"""A sequence number that is so far behind at most came late; one further behind is of a sender that began anew."""

MAX_KEY_FRAMES, MAX_FREEZES = 64, 8
MIN_FRAMES = 8
FREEZE_NS, FREEZE_TIMES = 150_000_000, 3
"""How far apart frames are where the picture stands still: this beyond the usual, and so many times the usual.

So W3C counts freezes (Identifiers for WebRTC's Statistics API, freezeCount).
"""

FIRST_BLOCK, BLOCKS = 96, 32

SETTLING = 16
"""The usual distance follows each new one by this part of the difference."""

SIGNS = len(CODECS) + 1
"""The lists of key frames: one for each codec, and the last one for descriptors in header extensions."""


class KeyFrame(Struct, frozen=True):
    """A frame that begins anew by some sign: when and where it began, its octets, the ids of such extensions."""

    time: int
    frame: Frame
    octets: int
    ids: int


class Pictures:
    """The frames of a stream; times are nanoseconds, `octets` count UDP payloads.

    `frames` have ended, the one that goes on is not among them; `incomplete` are those in which sequence numbers were
    left out, `unmarked` those of which no datagram had the marker. Numbers left out between two frames count once: as
    of the first where its marker did not come, else as of the second. Of one that began before it was looked at
    (`partial`) nothing else is counted; those before it were of one datagram each. `interval` is the usual distance
    from one frame to the next, `frozen` counts those that were far longer, `frozen_ns` is their sum and `freezes` are
    the longest. `usual` is the usual size, `large` are the first frames that may be key frames by their size,
    `largest` is the size of the largest, `opened` that of the first. `keys` are the first key frames by each of
    `SIGNS`, of which there were `counts`. `blocks` counts payloads by their first octet without its highest bit, where
    that may be a payload type that RED has (RFC 2198): those from FIRST_BLOCK on. The rest is of the frame that goes
    on: its `timestamp`, its last `sequence` number, when and where it `began`, and the numbers left out (`holes`).
    """

    __slots__ = (
        "partial", "timestamp", "sequence", "began", "place", "octets", "packets", "holes", "marked", "signs", "frames",
        "incomplete", "interval", "frozen", "frozen_ns", "freezes", "usual", "large", "largest", "keys", "counts",
        "first", "opened", "blocks", "unmarked",
    )

    def __init__(self, partial: bool, first: int = 0, frames: int = 0) -> None:
        self.partial = partial
        self.timestamp = self.sequence = 0
        self.first, self.frames, self.began = first, frames, 0
        self.place = (0, 0)
        self.octets = self.packets = self.holes = self.signs = 0
        self.marked = False
        self.incomplete = self.unmarked = self.frozen = self.frozen_ns = self.largest = self.opened = 0
        self.interval = self.usual = 0.0
        self.freezes: tuple[Freeze, ...] = ()
        self.large: list[Large] = []
        self.keys: tuple[list[KeyFrame], ...] = tuple([] for _ in range(SIGNS))
        self.counts = [0] * SIGNS
        self.blocks = [0] * BLOCKS

    def add(self, time: int, frame: Frame, payload: bytes, length: int) -> None:
        """Take a datagram whose first twelve octets are an RTP header."""
        sequence, timestamp = payload[2] << 8 | payload[3], int.from_bytes(payload[4:8], "big")
        ahead = sequence - self.sequence & 0xFFFF
        if not self.packets:
            self._begin(time, frame, payload, timestamp, 1)
            self.first = self.first if self.frames else time
        elif ahead == 0 or ahead > 0x10000 - MAX_LATE_NUMBERS:
            return
        elif timestamp != self.timestamp:
            self._end(ahead)
            self._paused(time, frame, timestamp, ahead)
            self._begin(time, frame, payload, timestamp, ahead if self.marked else 1)
        elif ahead > 1:
            self.holes += ahead - 1
        self.sequence = sequence
        self.packets += 1
        self.octets += length
        self.marked = self.marked or payload[1] >= 0x80
        header = _behind_header(payload)
        self.signs |= payload_signs(payload, header)
        if header < len(payload) and payload[header] & 0x7F >= FIRST_BLOCK:
            self.blocks[(payload[header] & 0x7F) - FIRST_BLOCK] += 1

    def restart(self, sequence: int) -> None:
        """Let the numbers go on behind this one: the sender began anew."""
        self.sequence = sequence

    def _begin(self, time: int, frame: Frame, payload: bytes, timestamp: int, ahead: int) -> None:
        self.timestamp, self.began, self.place = timestamp, time, frame
        self.octets, self.packets, self.holes, self.marked = 0, 0, ahead - 1, False
        self.signs = extension_signs(payload)

    def _paused(self, time: int, frame: Frame, timestamp: int, ahead: int) -> None:
        """See how far the next frame is from the one before."""
        gap, interval = time - self.began, self.interval
        if self.frames >= MIN_FRAMES and gap >= interval + FREEZE_NS and gap >= FREEZE_TIMES * interval:
            step = (timestamp - self.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            self.frozen += 1
            self.frozen_ns += gap
            self.freezes = among_largest(self.freezes, Freeze(gap, time, frame, step, ahead - 1), MAX_FREEZES)
        counted = min(float(gap), FREEZE_TIMES * interval) if interval else float(gap)
        self.interval += (counted - interval) / SETTLING if interval else counted

    def _end(self, ahead: int) -> None:
        """Count the frame that goes on; the next one is `ahead` of its last number."""
        self.frames += 1
        if self.partial:
            self.partial = False
            return
        self.largest = max(self.largest, self.octets)
        self.unmarked += not self.marked
        self.incomplete += self.holes > 0 or ahead > 1 and not self.marked
        if self.signs:
            self._key()
        octets = float(self.octets)
        if not self.usual:
            self.usual, self.opened = octets, self.octets
            return
        if octets > LARGE_PICTURE * self.usual and len(self.large) < MAX_LARGE:
            self.large.append(Large(self.began, self.octets))
        counted = min(octets, LARGE_PICTURE * self.usual)
        self.usual += (counted - self.usual) * (RISE if counted > self.usual else FALL)

    def _key(self) -> None:
        ids = self.signs >> DESCRIPTOR
        for place in range(SIGNS):
            if ids if place == DESCRIPTOR else self.signs >> place & 1:
                self.counts[place] += 1
                if len(self.keys[place]) < MAX_KEY_FRAMES:
                    self.keys[place].append(KeyFrame(self.began, self.place, self.octets, ids))


def _behind_header(payload: bytes) -> int:
    """Where the payload of an RTP datagram begins, if it has that many octets."""
    end = 12 + 4 * (payload[0] & 0x0F)
    if payload[0] & 0x10:
        if len(payload) >= end + 4:
            end += 4 * (payload[end + 2] << 8 | payload[end + 3])
        end += 4
    return end
