"""What the scan counts of one RTP stream, datagram by datagram (RFC 3550 appendix A.1, A.3 and A.8)."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt
from operator import truediv
from typing import TypeVar

from dissectors.mux.marks import Frame, Leap, Pause, Rhythm, Surprise, among_largest, with_rhythm
from dissectors.mux.pictures import PICTURES_CLOCK, Pictures
from dissectors.mux.repairs import (
    MAX_EXTENSION_OCTETS,
    MAX_HOLES,
    MAX_LATE,
    MAX_LONGER,
    MAX_OPENING_OCTETS,
    MAX_ORIGINALS,
    PROBED_DATAGRAMS,
    Hole,
    Late,
    Original,
    Sampled,
    looks_numbered,
)

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

UNKNOWN_LEAP = 24_000
LEAP_SECONDS, SURPRISE_SECONDS = 0.25, 0.015
"""How far a timestamp must be from where time would have it to be a jump, and to be remembered as a surprise: seconds
at a pace that is a clock's, and timestamp units before any is known."""

MAX_PACE_ERROR = 0.02
"""How far a pace may be from one of `CLOCKS` to be taken for it."""

PAUSE_NS, CLOSE_NS = 1_000_000_000, 2_000_000
"""Nanoseconds without a datagram that are remembered as a pause, and in which two datagrams came as one."""

MAX_LEAPS, MAX_SURPRISES, MAX_PAUSES = 16, 8, 8
NUMBERED = 16
"""So many of the last datagrams are known by their IP packets; a power of two."""

MIN_RHYTHM = 25
"""Equal timestamp steps in a row that are a rhythm."""

Value = TypeVar("Value")

class Counters:
    """One synchronisation source in one direction, on the flow or flows that carry it.

    `jitter[i]` and `maximum_jitter[i]` are interarrival jitter in timestamp units of `CLOCKS[i]` (RFC 3550 section
    6.4.1) without telephone events; `heard` is the time and timestamp of the last datagram but these. `encrypted` is
    set once SRTCP of the same SSRC was seen. `phases` says which payload type was sent when: [payload type, first time,
    last time, datagrams, first frame]. Times are nanoseconds, `octets` counts UDP payloads.

    `sizes` maps a payload type to [datagrams, octets, smallest, largest] of what follows the RTP header. `steps` counts
    timestamp steps between datagrams whose sequence numbers follow one another; those that found no room are counted
    and added up in `other_steps` and `other_ticks`. `samples`, `elapsed` and the sums are those of the least-squares
    line of timestamp units over seconds since `origin`; a step that no clock explains counts as one of `jumps`, and is
    no jitter: the line goes on as if the timestamp had moved as far as time did, or begins anew where no pace is known.
    `breaks` holds where the numbers went on elsewhere, once for each of `restarts` while there is room: the times of
    the datagrams before and behind it, how far sequence number and timestamp moved, modulo their size, and the frame of
    the one behind. `events` are payloads that read as telephone events (RFC 4733 section 2.3), by (payload type,
    timestamp): first time, last time, the last payload, the first frame. `timeline` holds (time, datagrams, lost, index
    of the likeliest of `CLOCKS`, its jitter, octets, frames of pictures) so far. `earliest` holds the least delayed
    datagram of each bucket: its time, and timestamp units since `origin`. Delay only adds to the time of travel, so
    that these show the sender's clock best. `pace` is the slope of the line when the last bucket ended, by which the
    least delayed one is told.

    `other_phases` and `other_events` count the changes of payload type and the datagrams of telephone events that found
    no room. `leaps` are the first of the jumps, `surprises` and `pauses` the largest of their kind, `rhythms` when
    timestamps went on in which steps (`beat_step` is the latest step, `beat_from`, `beat_time` and `beat_frame` are
    where its datagrams in a row began). `top` is the least delayed datagram of all, `level` how far it is above the
    line; a step beyond `leap` may be a jump, what is beyond `notable` is looked at. `worst_loss` is how many numbers
    were left out at once at most, with time and frame behind them; `first_late` and `first_twice` are time and frame of
    the first one that came late, and twice. `close` counts datagrams within `CLOSE_NS` of the number before.
    `numbered` are the last datagrams by the end of their sequence number, each with the identification of its IP
    packet: by these `copies` counts the duplicates that are the same packet again, and `sent_twice` those in another.
    `used` is the number of its last datagram among all of the scan, as of a flow.

    `holes` and `late` are the first numbers that were left out, and that came late or again. `originals` are the
    numbers with which the first payloads begin, and the later ones of a stream where these look like numbers (then it
    is `probing` on); `extensions` are the first header extensions of RFC 8285 with their sequence numbers, `sampled`
    one of each bucket, and `longer` the first that are longer than the `longest` before since then. A `picture`
    is what has one timestamp: when it began, and its octets; pictures are looked at once there was one of two datagrams
    (`pictured`). `usual` is the usual size of one, `large` are the first that may be key frames by their size.
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
        "leaps", "surprises", "pauses", "rhythms", "beat_step", "beat_from", "beat_time", "beat_frame",
        "top", "level", "leap", "notable", "trusted", "worst_loss", "first_late", "first_twice", "close",
        "holes", "late", "originals", "extensions", "sampled", "longer", "longest", "probing", "opening", "pictures",
        "reused", "first_reused", "numbered", "copies", "sent_twice",
    )

    def __init__(self, ssrc: int, flow: int) -> None:
        self.ssrc = ssrc
        self.flows: tuple[int, ...] = (flow,)
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
        self.breaks: list[tuple[int, int, int, int, Frame]] = []
        self.odd = (0, 0, 0, 0, (0, 0))
        self.bad: int | None = None
        self.timestamp = 0
        self.heard = (0, 0)
        self.payload_type = -1
        self.phases: list[tuple[int, int, int, int, Frame]] = []
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
        self.events: dict[tuple[int, int], tuple[int, int, bytes, Frame]] = {}
        self.timeline: list[tuple[int, int, int, int, float, int, int]] = []
        self.bucket, self.bucket_end = BUCKET_NS, 0
        self.pace, self.slack = 0.0, -inf
        self.early = (0, 0)
        self.earliest: list[tuple[int, int]] = []
        self.other_phases = self.other_events = self.used = 0
        self.leaps: tuple[Leap, ...] = ()
        self.surprises: tuple[Surprise, ...] = ()
        self.pauses: tuple[Pause, ...] = ()
        self.rhythms: tuple[Rhythm, ...] = ()
        self.beat_step: int | None = None
        self.beat_from = self.beat_time = 0
        self.beat_frame = (0, 0)
        self.top = (0, 0)
        self.level, self.leap, self.notable, self.trusted = -inf, float(UNKNOWN_LEAP), float(UNKNOWN_LEAP), False
        self.worst_loss: tuple[int, int, Frame] | None = None
        self.first_late: tuple[int, Frame] | None = None
        self.first_twice: tuple[int, Frame] | None = None
        self.close = 0
        self.holes: list[Hole] = []
        self.late: list[Late] = []
        self.originals: list[Original] = []
        self.extensions: list[tuple[int, bytes]] = []
        self.sampled: list[Sampled] = []
        self.longer: list[Sampled] = []
        self.longest = 0
        self.probing = True
        self.opening = b""
        self.pictures: Pictures | None = None
        self.reused = 0
        self.first_reused: tuple[int, Frame] | None = None
        self.numbered = [(0, 0)] * NUMBERED
        self.copies = self.sent_twice = 0

    @property
    def expected(self) -> int:
        """How many datagrams the sequence numbers stand for (RFC 3550 appendix A.3)."""
        return self.expected_before + self.highest - self.base + 1 if self.packets else 0

    @property
    def lost(self) -> int:
        """Datagrams that the sequence numbers promise and the capture does not hold, never below zero."""
        return max(0, self.expected - (self.packets - self.duplicates))

    @property
    def line(self) -> tuple[float, float] | None:
        """The slope of the least-squares line, in timestamp units a second, and its standard error as a fraction of it.

        None where there is no line, or none that rises.
        """
        count, times = self.samples, self.sum_time
        spread = count * self.sum_square - times * times
        if spread <= 0:
            return None
        rate = (count * self.sum_product - times * self.sum_ticks) / spread
        if rate <= 0:
            return None
        # Interarrival jitter is a mean absolute difference of two delays: of the size of their deviation.
        jitter = min(map(truediv, self.jitter, CLOCKS))
        return rate, jitter * count / sqrt(count * spread)

    @property
    def uneventful(self) -> bool:
        """Whether each datagram was the next one in the same payload type and timestamp step, and nothing else came.

        No number is missing, late or there twice, there was no pause and no surprise, and nothing is a header
        extension, a telephone event or one of several datagrams of a picture.
        """
        if len(self.phases) != 1 or len(self.sizes) != 1 or len(self.steps) != 1 or self.profiles or self.rhythms:
            return False
        if self.duplicates or self.reordered or self.restarts or self.jumps or self.pictures is not None:
            return False
        if self.events or self.other_events or self.surprises or self.pauses or self.worst_loss is not None:
            return False
        return not self.encrypted

    def uniform(self) -> tuple[int, int, int, int, int]:
        """Of one that is `uneventful` its timestamp step, and how many payloads, their octets, the least and the most.
        """
        ((step, _),) = self.steps.items()
        ((packets, octets, smallest, largest),) = self.sizes.values()
        return step, packets, octets, smallest, largest

    def jitter_at(self, place: int) -> float:
        """The interarrival jitter at one of `CLOCKS`, in its units."""
        return self.jitter[place]

    def points(self) -> tuple[list[float], list[float]]:
        """When the least delayed datagram of each bucket came, in seconds since `origin`, and how many units it is on.
        """
        origin = self.origin
        return [(time - origin) / 1e9 for time, _ in self.earliest], [float(elapsed) for _, elapsed in self.earliest]

    def moments(self, make: Callable[..., Value], clock: int, rate: float) -> list[Value]:
        """What `make` makes of each moment of the timeline: of its seconds since the epoch, datagrams and lost, of its
        jitter in milliseconds at that of `CLOCKS` and `rate` (None where another is likelier), of octets and frames.
        """
        return [
            make(time / 1e9, packets, lost, 1000.0 * jitter / rate if best == clock else None, octets, frames)
            for time, packets, lost, best, jitter, octets, frames in self.timeline
        ]

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

    def update(
        self, time: int, frame: tuple[int, int], payload: bytes, length: int, identification: int = 0
    ) -> None:
        """Count one datagram whose first twelve octets are an RTP header."""
        sequence = payload[2] << 8 | payload[3]
        timestamp = int.from_bytes(payload[4:8], "big")
        payload_type = payload[1] & 0x7F
        pressed = self._payload(time, frame, payload, length, payload_type, timestamp)
        if self.pictures is not None:
            self.pictures.add(time, frame, payload, length)
        elif timestamp == self.timestamp and sequence != self.sequence and self.packets and not pressed:
            self._begin_pictures(time, frame, payload, length)
        if self.packets:
            self._arrival(time, frame, timestamp, sequence, pressed)
            duplicates = self.duplicates
            self._sequence(time, frame, timestamp, sequence)
            if self.duplicates != duplicates:
                self._compare(sequence, identification)
        else:
            self.heard = time, timestamp
            self.first, self.first_frame = time, frame
            self.base = self.highest = sequence
            self.origin, self.samples, self.bucket_end = time, 1, time + BUCKET_NS
            self.early = self.top = time, 0
            self.opening = bytes(payload[:MAX_OPENING_OCTETS])
        self._payload_type(payload_type, time, frame)
        self.packets += 1
        self.octets += length
        self.last, self.last_frame, self.timestamp, self.sequence = time, frame, timestamp, sequence
        self.numbered[sequence % NUMBERED] = sequence, identification
        if time >= self.bucket_end:
            self.longest = self._sample_extension(time, payload, self.sampled)
            self._bucket(time)

    def _payload(
        self, time: int, frame: Frame, payload: bytes, length: int, payload_type: int, timestamp: int
    ) -> bool:
        """Count what is behind the header; whether it is a telephone event."""
        header = 12 + 4 * (payload[0] & 0x0F)
        if payload[0] & 0x10:
            if len(payload) >= header + 4:
                if len(self.profiles) < 8:
                    self.profiles.add(payload[header] << 8 | payload[header + 1])
                words = payload[header + 2] << 8 | payload[header + 3]
                if words > self.longest:
                    self._longer(time, payload, words)
                header += 4 * words
            header += 4
        size = length - header
        if self.probing:
            self._probe(time, payload, header)
        sizes = self.sizes.get(payload_type)
        if sizes is None:
            self.sizes[payload_type] = [1, size, size, size]
        else:
            sizes[0] += 1
            sizes[1] += size
            sizes[2] = min(sizes[2], size)
            sizes[3] = max(sizes[3], size)
        if size == 4 and len(payload) >= header + 4 and payload_type >= FIRST_UNASSIGNED:
            return self._event((payload_type, timestamp), time, frame, bytes(payload[header : header + 4]))
        return False

    def _probe(self, time: int, payload: bytes, header: int) -> None:
        """Keep what the first datagrams show, and what the payloads of a stream of repairs begin with."""
        if len(payload) >= header + 2:
            self.originals.append(Original(time, payload[header] << 8 | payload[header + 1]))
        if self.packets < PROBED_DATAGRAMS:
            start = 12 + 4 * (payload[0] & 0x0F)
            if payload[0] & 0x10 and payload[start : start + 2] == b"\xbe\xde":
                octets = bytes(payload[start + 4 : min(header, start + 4 + MAX_EXTENSION_OCTETS)])
                self.extensions.append((payload[2] << 8 | payload[3], octets))
            if self.packets == PROBED_DATAGRAMS - 1:
                self.opening = b""
                self.probing = looks_numbered([each.sequence for each in self.originals])
        elif len(self.originals) >= MAX_ORIGINALS:
            self.probing = False

    def _begin_pictures(self, time: int, frame: Frame, payload: bytes, length: int) -> None:
        """Look at pictures from now on, and from the first datagram where this is the second."""
        before = max(0, self.packets - self.duplicates - 1)
        self.pictures = pictures = Pictures(self.packets > 1, self.first, before)
        if self.packets == 1:
            pictures.add(self.first, self.first_frame, self.opening, self.octets)
        pictures.add(time, frame, payload, length)
        self.opening = b""

    def _longer(self, time: int, payload: bytes, words: int) -> None:
        """Keep a header extension with more in it than those before; the first ones are kept in any case."""
        self.longest = words
        if self.packets >= PROBED_DATAGRAMS and len(self.longer) < MAX_LONGER:
            self._sample_extension(time, payload, self.longer)

    def _sample_extension(self, time: int, payload: bytes, samples: list[Sampled]) -> int:
        """Keep the header extension of a datagram, if it has one; how many words are in it."""
        at = 12 + 4 * (payload[0] & 0x0F)
        if not payload[0] & 0x10 or len(payload) < at + 4:
            return 0
        words = payload[at + 2] << 8 | payload[at + 3]
        end = min(at + 4 + 4 * words, at + 4 + MAX_EXTENSION_OCTETS)
        samples.append(Sampled(time, payload[2] << 8 | payload[3], bytes(payload[at:end])))
        return words

    def _event(self, key: tuple[int, int], time: int, frame: Frame, last: bytes) -> bool:
        if last[0] > FLASH or last[1] & RESERVED:
            return False
        known = self.events.get(key)
        if known is not None or len(self.events) < MAX_EVENTS:
            self.events[key] = (known[0], time, last, known[3]) if known else (time, time, last, frame)
        else:
            self.other_events += 1
        return True

    def _arrival(self, time: int, frame: Frame, timestamp: int, sequence: int, pressed: bool) -> None:
        gap, numbers = time - self.last, sequence - self.sequence & 0xFFFF
        step = (timestamp - self.timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        if gap > self.largest_gap:
            self.largest_gap = gap
        if gap >= PAUSE_NS:
            self.pauses = among_largest(self.pauses, Pause(gap, time, frame, step, numbers), MAX_PAUSES)
        if numbers == 1:
            self.close += gap < CLOSE_NS and step != 0
            self._step(step, time, frame)
        # While a key is pressed the timestamp stays that of its beginning (RFC 4733 section 2.3.3): it tells no time.
        if pressed:
            return
        before, stamp = self.heard
        self.heard = time, timestamp
        seconds, step = (time - before) / 1e9, (timestamp - stamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        away = step - self.pace * seconds
        if abs(away) > self.notable:
            forward = 0 < numbers <= 0x10000 - MAX_MISORDER
            if self._is_leap(time, seconds, step, away, forward):
                self._jump(Leap(time, frame, timestamp, step, time - before, numbers), seconds)
                return
            if forward and self.trusted:
                self._remember(Surprise(away, time, frame, step, numbers))
        jitter, maximum = self.jitter, self.maximum_jitter
        for i, clock in enumerate(CLOCKS):
            jitter[i] += (abs(seconds * clock - step) - jitter[i]) / 16
            if jitter[i] > maximum[i]:
                maximum[i] = jitter[i]
        self._sample(time, step)

    def _step(self, step: int, time: int, frame: Frame) -> None:
        known = step in self.steps or len(self.steps) < MAX_STEPS
        if known:
            self.steps[step] = self.steps.get(step, 0) + 1
        else:
            self.other_steps += 1
            self.other_ticks += step
        if not known or step != self.beat_step:
            self._end_beat()
            self.beat_step = step if known else None
            self.beat_from = self.steps[step] - 1 if known else 0
            self.beat_time, self.beat_frame = time, frame

    def _end_beat(self) -> None:
        if self.beat_step is not None:
            count = self.steps[self.beat_step] - self.beat_from
            if count >= MIN_RHYTHM:
                one = Rhythm(self.beat_step, self.beat_time, self.last, count, self.beat_frame)
                self.rhythms = with_rhythm(self.rhythms, one)

    def _is_leap(self, time: int, seconds: float, step: int, away: float, forward: bool) -> bool:
        """Whether a timestamp moved as no clock and no delay explain: far beyond time, or back."""
        if abs(step) > JUMP + JUMP_PER_SECOND * seconds:
            return True
        if not forward:
            return False
        if step < -self.leap:
            return True
        if away <= self.leap:
            return False
        if not self.pace:
            return step > self.leap + JUMP_PER_SECOND * seconds
        # What was delayed before comes early now; but nothing comes earlier than what was delayed least.
        ahead = self.elapsed + step - self.pace * ((time - self.origin) / 1e9)
        return ahead > max(self.level, self.slack) + self.leap

    def _remember(self, one: Surprise) -> None:
        self.surprises = among_largest(self.surprises, one, MAX_SURPRISES)
        self._set_notable()

    def _set_notable(self) -> None:
        """What is looked at: of surprises, those that are larger than the least of those kept."""
        if not self.trusted:
            self.notable = self.leap
            return
        least = min(abs(each.size) for each in self.surprises) if len(self.surprises) == MAX_SURPRISES else 0.0
        self.notable = min(self.leap, max(SURPRISE_SECONDS * self.pace, least))

    def _jump(self, leap: Leap, seconds: float) -> None:
        self.jumps += 1
        if len(self.leaps) < MAX_LEAPS:
            self.leaps = (*self.leaps, leap)
        if self.trusted:
            self._sample(leap.time, int(self.pace * seconds))
            return
        self.origin, self.elapsed, self.samples = leap.time, 0, 1
        self.sum_time = self.sum_ticks = self.sum_square = self.sum_product = 0.0
        self.pace, self.slack, self.earliest = 0.0, -inf, []
        self.early = self.top = leap.time, 0
        self.level, self.leap, self.notable = -inf, float(UNKNOWN_LEAP), float(UNKNOWN_LEAP)

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
        frames = self.pictures.frames if self.pictures is not None else 0
        self.timeline.append((time, self.packets, self.lost, best, self.jitter[best], self.octets, frames))
        if self.pace:
            self.earliest.append(self.early)
        self._set_pace()
        near = abs(self.pace - PICTURES_CLOCK) <= MAX_PACE_ERROR * PICTURES_CLOCK
        if self.pictures is None and self.trusted and near:
            self.pictures = Pictures(False, self.first, self.packets - self.duplicates)
        if len(self.timeline) == MAX_TIMELINE:
            self.timeline = self.timeline[1::2]
            self.sampled = self.sampled[1::2]
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
        self.trusted = any(abs(self.pace - clock) <= MAX_PACE_ERROR * clock for clock in CLOCKS)
        self.leap = min(float(JUMP), LEAP_SECONDS * self.pace if self.trusted else max(UNKNOWN_LEAP, self.pace))
        top, early = self._above(self.top), self._above(self.early)
        self.level = top
        if early > top:
            self.level, self.top = early, self.early
        self._set_notable()

    def _above(self, point: tuple[int, int]) -> float:
        """How far a datagram is above the line, in timestamp units."""
        return point[1] - self.pace * ((point[0] - self.origin) / 1e9)

    def _earlier(self, one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
        ahead = one[1] - two[1] - self.pace * ((one[0] - two[0]) / 1e9)
        return one if ahead >= 0 else two

    def _sequence(self, time: int, frame: Frame, timestamp: int, sequence: int) -> None:
        step = sequence - self.highest & 0xFFFF
        if step < MAX_DROPOUT:
            if step == 0:
                self._twice(time, frame)
                if timestamp != self.timestamp and sequence == self.sequence:
                    self._use_again(time, frame)
            else:
                if step > 1:
                    self._left_out(step - 1, time, frame)
                if self.window != REORDER_MASK or step > 1:
                    self._settle(step)
                self.highest += step
                self.window = (self.window << step | 1) & REORDER_MASK
            self.bad = None
        elif step > 0x10000 - MAX_MISORDER:
            self._behind(0x10000 - step, time, frame)
        elif step > 0x10000 - MAX_DROPOUT and self._left_before(sequence):
            self._far_behind(sequence, time, frame)
        elif sequence == self.bad:
            self._restart(sequence)
        else:
            self.bad = sequence + 1 & 0xFFFF
            self.odd = (self.last, time, step, timestamp - self.timestamp & 0xFFFFFFFF, frame)
            self.reordered += 1

    def _left_out(self, numbers: int, time: int, frame: Frame) -> None:
        if self.worst_loss is None or numbers > self.worst_loss[0]:
            self.worst_loss = numbers, time, frame
        if len(self.holes) < MAX_HOLES:
            self.holes.append(Hole(time, self.highest + 1 & 0xFFFF, numbers))

    def _twice(self, time: int, frame: Frame) -> None:
        self.duplicates += 1
        if self.first_twice is None:
            self.first_twice = time, frame

    def _compare(self, sequence: int, identification: int) -> None:
        """See whether what came twice came in one IP packet, which the capture has twice."""
        known, before = self.numbered[sequence % NUMBERED]
        if known == sequence and before and identification:
            self.copies += before == identification
            self.sent_twice += before != identification

    def _use_again(self, time: int, frame: Frame) -> None:
        self.reused += 1
        if self.first_reused is None:
            self.first_reused = time, frame

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

    def _behind(self, distance: int, time: int, frame: Frame) -> None:
        bit = 1 << distance
        if len(self.late) < MAX_LATE:
            self.late.append(Late(time, self.highest - distance & 0xFFFF))
        if self.highest - distance < self.base:
            self.base = self.highest - distance
        if self.window & bit:
            self._twice(time, frame)
        else:
            self.reordered += 1
            if self.first_late is None:
                self.first_late = time, frame
            self.window |= bit

    def _left_before(self, sequence: int) -> bool:
        """Whether a number was left out and has not come since."""
        for _, first, numbers in self.holes:
            if sequence - first & 0xFFFF < numbers:
                return all(late != sequence for _, late in self.late)
        return False

    def _far_behind(self, sequence: int, time: int, frame: Frame) -> None:
        """Count what fills a gap that has left the window, as repairs do on long paths."""
        self.reordered += 1
        if self.first_late is None:
            self.first_late = time, frame
        if len(self.late) < MAX_LATE:
            self.late.append(Late(time, sequence))

    def _restart(self, sequence: int) -> None:
        """The sender began anew: two in a row from an unexpected number (RFC 3550 appendix A.1)."""
        self._settle(MAX_MISORDER)
        self._close_run()
        self.expected_before += self.highest - self.base + 1
        self.base, self.highest = sequence - 1, sequence
        self.window, self.bad = 0b11, None
        self.reordered -= 1
        self.restarts += 1
        if self.pictures is not None:
            self.pictures.restart(sequence)
        if len(self.breaks) < MAX_BREAKS:
            self.breaks.append(self.odd)

    def _payload_type(self, payload_type: int, time: int, frame: Frame) -> None:
        if payload_type != self.payload_type:
            self.payload_type = payload_type
            if len(self.phases) < MAX_PHASES:
                self.phases.append((payload_type, time, time, 0, frame))
            else:
                self.other_phases += 1
        kind, first, _, packets, began = self.phases[-1]
        if kind == payload_type:
            self.phases[-1] = kind, first, time, packets + 1, began
