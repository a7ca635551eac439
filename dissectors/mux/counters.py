"""What the scan counts of one RTP stream, datagram by datagram (RFC 3550 appendix A.1, A.3 and A.8)."""

from __future__ import annotations

from math import inf

MAX_DROPOUT = 3000
MAX_MISORDER = 100
REORDER_MASK = (1 << MAX_MISORDER) - 1
CLOCKS = (8000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)
"""The clocks, in Hz, for which jitter is kept: which one applies is often known only later, from SDP or a codec."""

MAX_PHASES = 64
MAX_STEPS = 32
MAX_EVENTS = 64
MAX_TIMELINE = 32
MAX_BREAKS = 64
FIRST_UNASSIGNED = 35
"""The least payload type that an event may have: those below name codecs (RFC 3551 table 4)."""

FLASH, RESERVED = 16, 0x40
"""The last telephone event of a keypad, and the bit that every event leaves at zero (RFC 4733 section 2.3)."""

BUCKET_NS = 1_000_000_000
"""The first width of a bucket of the timeline, in nanoseconds; it doubles whenever the timeline is full."""

JUMP, JUMP_PER_SECOND = 900_000, 100_000
"""A timestamp step beyond this, and this for each second that passed, is explained by no clock."""


class Counters:
    """One synchronisation source in one direction, on the flow or flows that carry it.

    `jitter[i]` and `maximum_jitter[i]` are interarrival jitter in timestamp units of `CLOCKS[i]` (RFC 3550 section
    6.4.1) without telephone events; `heard` is the time and timestamp of the last datagram but these. `encrypted` is
    set once SRTCP of the same SSRC was seen. `phases` says which payload type was sent when: [payload type, first time,
    last time, datagrams]. Times are nanoseconds, `octets` counts UDP payloads.

    `sizes` maps a payload type to [datagrams, octets, smallest, largest] of what follows the RTP header. `steps` counts
    timestamp steps between datagrams whose sequence numbers follow one another; those that found no room are counted
    and added up in `other_steps` and `other_ticks`. `samples`, `elapsed` and the sums are those of the least-squares
    line of timestamp units over seconds since `origin`; a step that no clock explains counts as one of `jumps`,
    begins the line anew and is no jitter. `breaks` holds where the numbers went on elsewhere, once for each of
    `restarts` while there is room: the times of the datagrams before and behind it, and how far sequence number and
    timestamp moved, modulo their size. `events` are payloads that read as telephone events (RFC 4733 section 2.3), by
    (payload type, timestamp): first time, last time, the last payload. `timeline` holds (time, datagrams, lost, index
    of the likeliest of `CLOCKS`, its jitter) so far. `earliest` holds the least delayed datagram of each bucket: its
    time, and timestamp units since `origin`. Delay only adds to the time of travel, so that these show the sender's
    clock best. `pace` is the slope of the line when the last bucket ended, by which the least delayed one is told.

    `other_phases` and `other_events` count the changes of payload type and the datagrams of telephone events that found
    no room. `used` is the number of its last datagram among all of the scan, as of a flow.
    """

    __slots__ = (
        "ssrc", "flows", "encrypted", "evidence", "packets", "octets", "first", "last",
        "first_frame", "last_frame", "highest", "expected_before", "base", "window", "duplicates", "reordered",
        "largest_gap", "restarts", "breaks", "odd",
        "bad", "timestamp", "payload_type", "phases",
        "profiles", "jitter", "maximum_jitter", "steps",
        "sequence", "sizes", "other_steps", "other_ticks", "run", "runs", "longest_run", "jumps", "origin", "elapsed",
        "samples", "sum_time", "sum_ticks", "sum_square", "sum_product", "events", "timeline", "bucket", "bucket_end",
        "pace", "slack", "early", "earliest", "heard", "other_phases", "other_events", "used",
    )

    def __init__(self, ssrc: int, flow: int) -> None:
        self.ssrc = ssrc
        self.flows = [flow]
        self.encrypted = False
        self.evidence = ""
        self.packets = self.octets = 0
        self.first = self.last = 0
        self.first_frame = self.last_frame = (0, 0)
        self.base = self.highest = 0
        self.expected_before = 0
        self.window = 1
        self.duplicates = self.reordered = self.restarts = 0
        self.largest_gap = 0
        self.breaks: list[tuple[int, int, int, int]] = []
        self.odd = (0, 0, 0, 0)
        self.bad: int | None = None
        self.timestamp = 0
        self.heard = (0, 0)
        self.payload_type = -1
        self.phases: list[list[int]] = []
        self.profiles: set[int] = set()
        self.jitter = [0.0] * len(CLOCKS)
        self.maximum_jitter = [0.0] * len(CLOCKS)
        self.steps: dict[int, int] = {}
        self.sequence = 0
        self.sizes: dict[int, list[int]] = {}
        self.other_steps = self.other_ticks = 0
        self.run = self.runs = self.longest_run = 0
        self.jumps = self.origin = self.elapsed = self.samples = 0
        self.sum_time = self.sum_ticks = self.sum_square = self.sum_product = 0.0
        self.events: dict[tuple[int, int], tuple[int, int, bytes]] = {}
        self.timeline: list[tuple[int, int, int, int, float]] = []
        self.bucket, self.bucket_end = BUCKET_NS, 0
        self.pace, self.slack = 0.0, -inf
        self.early = (0, 0)
        self.earliest: list[tuple[int, int]] = []
        self.other_phases = self.other_events = self.used = 0

    @property
    def expected(self) -> int:
        """How many datagrams the sequence numbers stand for (RFC 3550 appendix A.3)."""
        return self.expected_before + self.highest - self.base + 1 if self.packets else 0

    @property
    def lost(self) -> int:
        """Datagrams that the sequence numbers promise and the capture does not hold, never below zero."""
        return max(0, self.expected - (self.packets - self.duplicates))

    @property
    def loss_runs(self) -> tuple[int, int]:
        """How many runs of losses there were, and the longest; exact for what came up to `MAX_MISORDER` late."""
        width = min(MAX_MISORDER, self.highest - self.base + 1)
        whole = (1 << width) - 1
        if self.window & whole == whole and not self.run:
            return self.runs, self.longest_run
        came = f"{self.window & whole:0{width}b}"
        first = self.run + width - len(came.lstrip("0"))
        # What nothing came behind yet is no run: it may still come.
        ended = [first] * (first > 0) + [len(run) for run in came.strip("0").replace("1", " ").split()]
        return self.runs + len(ended), max((self.longest_run, *ended))

    def update(self, time: int, frame: tuple[int, int], payload: bytes, length: int) -> None:
        """Count one datagram whose first twelve octets are an RTP header."""
        sequence = payload[2] << 8 | payload[3]
        timestamp = int.from_bytes(payload[4:8], "big")
        payload_type = payload[1] & 0x7F
        pressed = self._payload(time, payload, length, payload_type, timestamp)
        if self.packets:
            self._arrival(time, timestamp, sequence, pressed)
            self._sequence(time, timestamp, sequence)
        else:
            self.heard = time, timestamp
            self.first, self.first_frame = time, frame
            self.base = self.highest = sequence
            self.origin, self.samples, self.bucket_end = time, 1, time + BUCKET_NS
        self._payload_type(payload_type, time)
        self.packets += 1
        self.octets += length
        self.last, self.last_frame, self.timestamp, self.sequence = time, frame, timestamp, sequence
        if time >= self.bucket_end:
            self._bucket(time)

    def _payload(self, time: int, payload: bytes, length: int, payload_type: int, timestamp: int) -> bool:
        """Count what is behind the header; whether it is a telephone event."""
        header = 12 + 4 * (payload[0] & 0x0F)
        if payload[0] & 0x10:
            if len(payload) >= header + 4:
                if len(self.profiles) < 8:
                    self.profiles.add(payload[header] << 8 | payload[header + 1])
                header += 4 * (payload[header + 2] << 8 | payload[header + 3])
            header += 4
        size = length - header
        sizes = self.sizes.get(payload_type)
        if sizes is None:
            self.sizes[payload_type] = [1, size, size, size]
        else:
            sizes[0] += 1
            sizes[1] += size
            sizes[2] = min(sizes[2], size)
            sizes[3] = max(sizes[3], size)
        if size == 4 and len(payload) >= header + 4 and payload_type >= FIRST_UNASSIGNED:
            return self._event((payload_type, timestamp), time, bytes(payload[header : header + 4]))
        return False

    def _event(self, key: tuple[int, int], time: int, last: bytes) -> bool:
        if last[0] > FLASH or last[1] & RESERVED:
            return False
        known = self.events.get(key)
        if known is not None or len(self.events) < MAX_EVENTS:
            self.events[key] = (known[0] if known else time, time, last)
        else:
            self.other_events += 1
        return True

    def _arrival(self, time: int, timestamp: int, sequence: int, pressed: bool) -> None:
        gap = time - self.last
        if gap > self.largest_gap:
            self.largest_gap = gap
        step = (timestamp - self.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if sequence - self.sequence & 0xFFFF == 1:
            if step in self.steps or len(self.steps) < MAX_STEPS:
                self.steps[step] = self.steps.get(step, 0) + 1
            else:
                self.other_steps += 1
                self.other_ticks += step
        # While a key is pressed the timestamp stays that of its beginning (RFC 4733 section 2.3.3): it tells no time.
        if pressed:
            return
        before, stamp = self.heard
        self.heard = time, timestamp
        seconds, step = (time - before) / 1e9, (timestamp - stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if abs(step) > JUMP + JUMP_PER_SECOND * seconds:
            self._jump(time)
            return
        jitter, maximum = self.jitter, self.maximum_jitter
        for i, clock in enumerate(CLOCKS):
            jitter[i] += (abs(seconds * clock - step) - jitter[i]) / 16
            if jitter[i] > maximum[i]:
                maximum[i] = jitter[i]
        self._sample(time, step)

    def _jump(self, time: int) -> None:
        self.jumps += 1
        self.origin, self.elapsed, self.samples = time, 0, 1
        self.sum_time = self.sum_ticks = self.sum_square = self.sum_product = 0.0
        self.pace, self.slack, self.earliest = 0.0, -inf, []

    def _sample(self, time: int, step: int) -> None:
        self.elapsed += step
        at = (time - self.origin) / 1e9
        self.samples += 1
        self.sum_time += at
        self.sum_ticks += self.elapsed
        self.sum_square += at * at
        self.sum_product += at * self.elapsed
        slack = self.elapsed - self.pace * at
        if slack > self.slack:
            self.slack, self.early = slack, (time, self.elapsed)

    def _bucket(self, time: int) -> None:
        best = min(range(len(CLOCKS)), key=lambda i: self.jitter[i] / CLOCKS[i])
        self.timeline.append((time, self.packets, self.lost, best, self.jitter[best]))
        if self.pace:
            self.earliest.append(self.early)
        self._set_pace()
        if len(self.timeline) == MAX_TIMELINE:
            self.timeline = self.timeline[1::2]
            pairs = zip(self.earliest[::2], self.earliest[1::2], strict=False)
            odd = self.earliest[-1:] if len(self.earliest) % 2 else []
            self.earliest = [self._earlier(*pair) for pair in pairs] + odd
            self.bucket *= 2
        self.bucket_end = time + self.bucket

    def _set_pace(self) -> None:
        spread = self.samples * self.sum_square - self.sum_time * self.sum_time
        product = self.samples * self.sum_product - self.sum_time * self.sum_ticks
        self.pace = product / spread if spread > 0 and product > 0 else 0.0
        self.slack = -inf

    def _earlier(self, one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
        ahead = one[1] - two[1] - self.pace * ((one[0] - two[0]) / 1e9)
        return one if ahead >= 0 else two

    def _sequence(self, time: int, timestamp: int, sequence: int) -> None:
        step = sequence - self.highest & 0xFFFF
        if step < MAX_DROPOUT:
            if step == 0:
                self.duplicates += 1
            else:
                if self.window != REORDER_MASK or step > 1:
                    self._settle(step)
                self.highest += step
                self.window = (self.window << step | 1) & REORDER_MASK
            self.bad = None
        elif step > 0x10000 - MAX_MISORDER:
            self._behind(0x10000 - step)
        elif sequence == self.bad:
            self._restart(sequence)
        else:
            self.bad = sequence + 1 & 0xFFFF
            self.odd = (self.last, time, step, timestamp - self.timestamp & 0xFFFFFFFF)
            self.reordered += 1

    def _settle(self, step: int) -> None:
        """Numbers leave the window: one that came ends a run of losses, one that did not lengthens it."""
        oldest = self.highest - MAX_MISORDER + 1
        for place in range(max(0, self.base - oldest), min(step, MAX_MISORDER)):
            if self.window >> (MAX_MISORDER - 1 - place) & 1:
                self._close_run()
            else:
                self.run += 1
        if step > MAX_MISORDER:
            self.run += step - MAX_MISORDER

    def _close_run(self) -> None:
        if self.run:
            self.runs += 1
            self.longest_run = max(self.longest_run, self.run)
            self.run = 0

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
        self._settle(MAX_MISORDER)
        self._close_run()
        self.expected_before += self.highest - self.base + 1
        self.base, self.highest = sequence - 1, sequence
        self.window, self.bad = 0b11, None
        self.reordered -= 1
        self.restarts += 1
        if len(self.breaks) < MAX_BREAKS:
            self.breaks.append(self.odd)

    def _payload_type(self, payload_type: int, time: int) -> None:
        if payload_type != self.payload_type:
            self.payload_type = payload_type
            if len(self.phases) < MAX_PHASES:
                self.phases.append([payload_type, time, time, 0])
            else:
                self.other_phases += 1
        phase = self.phases[-1]
        if phase[0] == payload_type:
            phase[2] = time
            phase[3] += 1
