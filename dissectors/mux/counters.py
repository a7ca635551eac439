"""What the scan counts of one RTP stream, datagram by datagram (RFC 3550 appendix A.1, A.3 and A.8)."""

from __future__ import annotations

from dissectors.mux.flows import Waiting

MAX_DROPOUT = 3000
MAX_MISORDER = 100
WINDOW = (1 << MAX_MISORDER) - 1
CLOCKS = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)
"""The clocks, in Hz, for which jitter is kept: which one applies is often known only later, from SDP or a codec."""

MAX_PHASES = 64


class Counters:
    """One synchronisation source in one direction, on the flow or flows that carry it.

    `jitter[i]` and `maximum_jitter[i]` are interarrival jitter in timestamp units of `CLOCKS[i]` (RFC 3550 section
    6.4.1). `encrypted` is set once SRTCP of the same SSRC was seen. `phases` says which payload type was sent when:
    [payload type, first time, last time, datagrams]. Times are nanoseconds, `octets` counts UDP payloads.
    """

    __slots__ = (
        "ssrc", "flows", "confirmed", "encrypted", "evidence", "waiting", "packets", "octets", "first", "last",
        "first_frame", "last_frame", "highest", "expected_before", "base", "window", "duplicates", "reordered",
        "largest_gap", "largest_gap_at", "restarts",
        "bad", "timestamp", "first_timestamp", "payload_type", "phases", "markers",
        "profiles", "jitter", "maximum_jitter", "steps",
    )  # fmt: skip

    def __init__(self, ssrc: int, flow: int) -> None:
        self.ssrc = ssrc
        self.flows = [flow]
        self.confirmed = False
        self.encrypted = False
        self.evidence = ""
        self.waiting = Waiting()
        self.packets = self.octets = 0
        self.first = self.last = 0
        self.first_frame = self.last_frame = (0, 0)
        self.base = self.highest = 0
        self.expected_before = 0
        self.window = 1
        self.duplicates = self.reordered = self.restarts = 0
        self.largest_gap = self.largest_gap_at = 0
        self.bad: int | None = None
        self.timestamp = self.first_timestamp = 0
        self.payload_type = -1
        self.phases: list[list[int]] = []
        self.markers = 0
        self.profiles: set[int] = set()
        self.jitter = [0.0] * len(CLOCKS)
        self.maximum_jitter = [0.0] * len(CLOCKS)
        self.steps: dict[int, int] = {}

    @property
    def expected(self) -> int:
        """How many datagrams the sequence numbers stand for (RFC 3550 appendix A.3)."""
        return self.expected_before + self.highest - self.base + 1 if self.packets else 0

    @property
    def lost(self) -> int:
        """Datagrams that the sequence numbers promise and the capture does not hold, never below zero."""
        return max(0, self.expected - (self.packets - self.duplicates))

    def update(self, time: int, frame: tuple[int, int], payload: bytes, length: int) -> None:
        """Count one datagram whose first twelve octets are an RTP header."""
        sequence = payload[2] << 8 | payload[3]
        timestamp = int.from_bytes(payload[4:8], "big")
        if self.packets:
            self._arrival(time, timestamp, payload[1] & 0x7F)
            self._sequence(sequence)
        else:
            self.first, self.first_frame, self.first_timestamp = time, frame, timestamp
            self.base = self.highest = sequence
        self._payload_type(payload[1] & 0x7F, time)
        self.packets += 1
        self.octets += length
        self.markers += payload[1] >> 7
        if payload[0] & 0x10:
            end = 14 + 4 * (payload[0] & 0x0F)
            if len(self.profiles) < 8 and end <= len(payload):
                self.profiles.add(payload[end - 2] << 8 | payload[end - 1])
        self.last, self.last_frame, self.timestamp = time, frame, timestamp

    def _arrival(self, time: int, timestamp: int, payload_type: int) -> None:
        gap = time - self.last
        if gap > self.largest_gap:
            self.largest_gap, self.largest_gap_at = gap, self.last
        step = (timestamp - self.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if len(self.steps) < 32 or step in self.steps:
            self.steps[step] = self.steps.get(step, 0) + 1
        seconds = gap / 1e9
        jitter, maximum = self.jitter, self.maximum_jitter
        for i, clock in enumerate(CLOCKS):
            jitter[i] += (abs(seconds * clock - step) - jitter[i]) / 16
            if jitter[i] > maximum[i]:
                maximum[i] = jitter[i]

    def _sequence(self, sequence: int) -> None:
        step = sequence - self.highest & 0xFFFF
        if step < MAX_DROPOUT:
            if step == 0:
                self.duplicates += 1
            else:
                self.highest += step
                self.window = (self.window << step | 1) & WINDOW
            self.bad = None
        elif step > 0x10000 - MAX_MISORDER:
            self._behind(0x10000 - step)
        elif sequence == self.bad:
            self._restart(sequence)
        else:
            self.bad = sequence + 1 & 0xFFFF
            self.reordered += 1

    def _behind(self, distance: int) -> None:
        bit = 1 << distance
        if self.highest - distance < self.base:
            self.base = self.highest - distance
        if self.window & bit:
            self.duplicates += 1
        else:
            self.reordered += 1
            self.window |= bit

    def _restart(self, sequence: int) -> None:
        """The sender began anew: two in a row from an unexpected number (RFC 3550 appendix A.1)."""
        self.expected_before += self.highest - self.base + 1
        self.base, self.highest = sequence - 1, sequence
        self.window, self.bad = 0b11, None
        self.reordered -= 1
        self.restarts += 1

    def _payload_type(self, payload_type: int, time: int) -> None:
        if payload_type != self.payload_type:
            self.payload_type = payload_type
            if len(self.phases) < MAX_PHASES:
                self.phases.append([payload_type, time, time, 0])
        phase = self.phases[-1]
        if phase[0] == payload_type:
            phase[2] = time
            phase[3] += 1
