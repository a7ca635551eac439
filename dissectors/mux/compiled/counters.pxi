# The counters of one RTP stream as C numbers; the arithmetic is that of `mux.counters`, operation by operation.

cdef enum:
    CLOCKS_KEPT = 8
    PROFILES_KEPT = 8
    STEPS_OWN = 2
    NUMBERED_KEPT = 16

if (
    len(counters.CLOCKS) != CLOCKS_KEPT or counters.NUMBERED != NUMBERED_KEPT
    or not 64 < counters.MAX_MISORDER <= 128
):
    raise ImportError("the compiled counters were written for other bounds")

cdef int MAX_DROPOUT = counters.MAX_DROPOUT
cdef int MAX_MISORDER = counters.MAX_MISORDER
cdef int MAX_STEPS = counters.MAX_STEPS
cdef int MAX_PHASES = counters.MAX_PHASES
cdef int FIRST_UNASSIGNED = counters.FIRST_UNASSIGNED
cdef int FLASH = counters.FLASH, RESERVED = counters.RESERVED
cdef int MAX_EVENTS = counters.MAX_EVENTS
cdef int MAX_BREAKS = counters.MAX_BREAKS
cdef int MAX_TIMELINE = counters.MAX_TIMELINE
cdef int64_t BUCKET_NS = counters.BUCKET_NS
cdef int MAX_LEAPS = counters.MAX_LEAPS, MAX_SURPRISES = counters.MAX_SURPRISES, MAX_PAUSES = counters.MAX_PAUSES
cdef int MIN_RHYTHM = counters.MIN_RHYTHM
cdef int64_t PAUSE_NS = counters.PAUSE_NS, CLOSE_NS = counters.CLOSE_NS
cdef double JUMP = counters.JUMP, JUMP_PER_SECOND = counters.JUMP_PER_SECOND
cdef double UNKNOWN_LEAP = counters.UNKNOWN_LEAP, MAX_PACE_ERROR = counters.MAX_PACE_ERROR
cdef double LEAP_SECONDS = counters.LEAP_SECONDS, SURPRISE_SECONDS = counters.SURPRISE_SECONDS
cdef int MAX_HOLES = repairs.MAX_HOLES, MAX_LATE = repairs.MAX_LATE, MAX_OPENING_OCTETS = repairs.MAX_OPENING_OCTETS
cdef int MAX_ORIGINALS = repairs.MAX_ORIGINALS, PROBED_DATAGRAMS = repairs.PROBED_DATAGRAMS
cdef int MAX_EXTENSION_OCTETS = repairs.MAX_EXTENSION_OCTETS, MAX_LONGER = repairs.MAX_LONGER
cdef int LEAST_STEP = repairs.LEAST_STEP, MOST_STEP = repairs.MOST_STEP
cdef double MOST_REPEATED_SHARE = repairs.MOST_REPEATED_SHARE
cdef double PICTURES_CLOCK = pictures.PICTURES_CLOCK
cdef uint64_t ALL = 0xFFFFFFFFFFFFFFFF
cdef uint64_t REORDER_MASK_HIGH = counters.REORDER_MASK >> 64
cdef double[CLOCKS_KEPT] CLOCKS
for place, clock in enumerate(counters.CLOCKS):
    CLOCKS[place] = clock


cdef struct Step:
    int64_t step
    int64_t count


cdef struct Phase:
    int64_t payload_type
    int64_t first
    int64_t last
    int64_t packets


cdef struct Size:
    int64_t payload_type
    int64_t packets
    int64_t octets
    int64_t smallest
    int64_t largest


cdef struct Point:
    int64_t time
    int64_t elapsed


cdef struct Moment:
    int64_t time
    int64_t packets
    int64_t lost
    int64_t best
    double jitter
    int64_t octets
    int64_t frames


cdef struct Gap:
    int64_t time
    int64_t first
    int64_t numbers


cdef tuple NOTHING_ODD = (0, 0, 0, 0, (0, 0))


@final
cdef class Seldom:
    # What few streams need: made with the first of it that happens.
    cdef dict events
    cdef list breaks, longer
    cdef tuple odd, leaps, surprises, pauses, worst_loss, first_late, first_twice, first_reused, phase_frames
    cdef int64_t other_phases, other_events, other_steps, other_ticks, reused, copies, sent_twice
    cdef Gap *hole
    cdef Number *behind_number
    cdef int holes_kept, late_kept

    def __cinit__(self):
        self.odd = NOTHING_ODD
        self.leaps = self.surprises = self.pauses = self.phase_frames = ()

    def __dealloc__(self):
        PyMem_Free(self.hole)
        PyMem_Free(self.behind_number)


@final
cdef class Counters:
    # In the order of use: what each datagram touches lies side by side, and the first of what may be many with it.
    cdef readonly uint32_t ssrc, timestamp
    cdef uint32_t heard_timestamp
    cdef readonly int payload_type, sequence
    cdef int unexpected, likely_size, sizes_kept, likely_step, steps_kept
    cdef readonly int64_t packets, octets, last, highest, largest_gap
    cdef int64_t last_file, last_number, heard_time
    cdef uint64_t window_low, window_high
    cdef readonly int64_t bucket_end, origin, elapsed, samples
    cdef int phases_kept, profiles_kept
    cdef readonly bint probing
    cdef readonly Pictures pictures
    cdef Py_ssize_t payload_begins
    cdef readonly double sum_time, sum_ticks, sum_square, sum_product, pace, slack, notable
    cdef Point soonest
    cdef Size *size
    cdef Size own_size
    cdef Step *step
    cdef Step[STEPS_OWN] own_step
    cdef Phase *phase
    cdef Phase own_phase
    cdef uint16_t[PROFILES_KEPT] profile
    cdef double[CLOCKS_KEPT] jitters
    cdef double[CLOCKS_KEPT] maxima
    cdef readonly int64_t first, base, expected_before, duplicates, reordered, restarts
    cdef int64_t first_file, first_number
    cdef readonly int64_t run, runs, longest_run, jumps, bucket
    cdef Moment *moment
    cdef Point *point
    cdef int moments_kept, points_kept, originals_kept
    cdef readonly int longest
    cdef Number *original
    cdef list extended, sampled_extensions
    cdef readonly bytes opening
    cdef public tuple flows
    cdef public int64_t used
    cdef public bint encrypted
    cdef public str evidence
    cdef readonly tuple rhythms
    cdef Seldom seldom
    cdef readonly int64_t close, beat_from, beat_time
    cdef uint32_t[NUMBERED_KEPT] identified
    cdef uint16_t[NUMBERED_KEPT] latest
    cdef int64_t beat_file, beat_number
    cdef Point highest_point
    cdef readonly double level, leap
    cdef readonly bint trusted

    def __init__(self, uint32_t ssrc, flow):
        self.ssrc = ssrc
        self.flows = (flow,)
        self.evidence = ""
        self.window_low = 1
        self.unexpected = self.payload_type = -1
        self.rhythms = ()
        self.bucket = BUCKET_NS
        self.slack = self.level = -INFINITY
        self.leap = self.notable = UNKNOWN_LEAP
        self.likely_step = MAX_STEPS
        self.opening, self.probing = b"", True

    def __dealloc__(self):
        if self.size is not &self.own_size:
            PyMem_Free(self.size)
        if self.step is not self.own_step:
            PyMem_Free(self.step)
        if self.phase is not &self.own_phase:
            PyMem_Free(self.phase)
        PyMem_Free(self.moment)
        PyMem_Free(self.point)
        PyMem_Free(self.original)

    @property
    def first_frame(self):
        return self.first_file, self.first_number

    @property
    def last_frame(self):
        return self.last_file, self.last_number

    @property
    def heard(self):
        return self.heard_time, self.heard_timestamp

    @property
    def early(self):
        return self.soonest.time, self.soonest.elapsed

    @property
    def top(self):
        return self.highest_point.time, self.highest_point.elapsed

    @property
    def beat_step(self):
        return self.step[self.likely_step].step if self.likely_step < self.steps_kept else None

    @property
    def beat_frame(self):
        return self.beat_file, self.beat_number

    @property
    def earliest(self):
        return [(self.point[i].time, self.point[i].elapsed) for i in range(self.points_kept)]

    @property
    def window(self):
        return int(self.window_high) << 64 | self.window_low

    @property
    def bad(self):
        return None if self.unexpected < 0 else self.unexpected

    @property
    def phases(self):
        return [
            (
                self.phase[i].payload_type, self.phase[i].first, self.phase[i].last, self.phase[i].packets,
                self.seldom.phase_frames[i - 1] if i else self.first_frame,
            )
            for i in range(self.phases_kept)
        ]

    @property
    def sizes(self):
        return {
            self.size[i].payload_type: [
                self.size[i].packets, self.size[i].octets, self.size[i].smallest, self.size[i].largest
            ]
            for i in range(self.sizes_kept)
        }

    @property
    def steps(self):
        return {self.step[i].step: self.step[i].count for i in range(self.steps_kept)}

    @property
    def timeline(self):
        return [
            (
                self.moment[i].time, self.moment[i].packets, self.moment[i].lost, self.moment[i].best,
                self.moment[i].jitter, self.moment[i].octets, self.moment[i].frames,
            )
            for i in range(self.moments_kept)
        ]

    @property
    def extensions(self):
        return self.extended or []

    @property
    def sampled(self):
        return self.sampled_extensions or []

    @property
    def events(self):
        return {} if self.seldom is None else self.seldom.events or {}

    @property
    def breaks(self):
        return [] if self.seldom is None else self.seldom.breaks or []

    @property
    def longer(self):
        return [] if self.seldom is None else self.seldom.longer or []

    @property
    def odd(self):
        return NOTHING_ODD if self.seldom is None else self.seldom.odd

    @property
    def leaps(self):
        return () if self.seldom is None else self.seldom.leaps

    @property
    def surprises(self):
        return () if self.seldom is None else self.seldom.surprises

    @property
    def pauses(self):
        return () if self.seldom is None else self.seldom.pauses

    @property
    def worst_loss(self):
        return None if self.seldom is None else self.seldom.worst_loss

    @property
    def first_late(self):
        return None if self.seldom is None else self.seldom.first_late

    @property
    def first_twice(self):
        return None if self.seldom is None else self.seldom.first_twice

    @property
    def first_reused(self):
        return None if self.seldom is None else self.seldom.first_reused

    @property
    def other_phases(self):
        return 0 if self.seldom is None else self.seldom.other_phases

    @property
    def other_events(self):
        return 0 if self.seldom is None else self.seldom.other_events

    @property
    def other_steps(self):
        return 0 if self.seldom is None else self.seldom.other_steps

    @property
    def other_ticks(self):
        return 0 if self.seldom is None else self.seldom.other_ticks

    @property
    def reused(self):
        return 0 if self.seldom is None else self.seldom.reused

    @property
    def copies(self):
        return 0 if self.seldom is None else self.seldom.copies

    @property
    def sent_twice(self):
        return 0 if self.seldom is None else self.seldom.sent_twice

    @property
    def holes(self):
        cdef Seldom kept = self.seldom
        if kept is None:
            return []
        return [
            repairs.Hole(kept.hole[i].time, kept.hole[i].first, kept.hole[i].numbers) for i in range(kept.holes_kept)
        ]

    @property
    def late(self):
        cdef Seldom kept = self.seldom
        if kept is None:
            return []
        return [
            repairs.Late(kept.behind_number[i].time, kept.behind_number[i].number) for i in range(kept.late_kept)
        ]

    @property
    def originals(self):
        return [repairs.Original(self.original[i].time, self.original[i].number) for i in range(self.originals_kept)]

    @property
    def profiles(self):
        return {self.profile[i] for i in range(self.profiles_kept)}

    @property
    def jitter(self):
        return [self.jitters[i] for i in range(CLOCKS_KEPT)]

    @property
    def maximum_jitter(self):
        return [self.maxima[i] for i in range(CLOCKS_KEPT)]

    @property
    def expected(self):
        return self.promised()

    @property
    def lost(self):
        return self.missing()

    @property
    def line(self):
        cdef double count = <double> self.samples
        cdef double spread = count * self.sum_square - self.sum_time * self.sum_time
        cdef double rate, jitter
        cdef int i
        if spread <= 0:
            return None
        rate = (count * self.sum_product - self.sum_time * self.sum_ticks) / spread
        if rate <= 0:
            return None
        jitter = self.jitters[0] / CLOCKS[0]
        for i in range(1, CLOCKS_KEPT):
            jitter = min(jitter, self.jitters[i] / CLOCKS[i])
        return rate, jitter * count / sqrt(count * spread)

    @property
    def uneventful(self):
        # What else may happen is seldom, or one of these as well.
        if self.seldom is not None or self.pictures is not None or self.encrypted or self.rhythms:
            return False
        if self.phases_kept != 1 or self.sizes_kept != 1 or self.steps_kept != 1 or self.profiles_kept:
            return False
        return not (self.duplicates or self.reordered or self.restarts or self.jumps)

    def uniform(self):
        cdef Size *sizes = self.size
        return self.step[0].step, sizes.packets, sizes.octets, sizes.smallest, sizes.largest

    def jitter_at(self, int place):
        return self.jitters[place]

    def points(self):
        cdef list times = [], units = []
        cdef int i
        for i in range(self.points_kept):
            times.append((<double> (self.point[i].time - self.origin)) / 1e9)
            units.append(<double> self.point[i].elapsed)
        return times, units

    def moments(self, make, int clock, double rate):
        cdef list found = []
        cdef Moment *each
        cdef int i
        for i in range(self.moments_kept):
            each = &self.moment[i]
            jitter = 1000.0 * each.jitter / rate if each.best == clock else None
            found.append(make((<double> each.time) / 1e9, each.packets, each.lost, jitter, each.octets, each.frames))
        return found

    @property
    def loss_runs(self):
        cdef int64_t width = min(<int64_t> MAX_MISORDER, self.highest - self.base + 1), at
        cdef int64_t run = self.run, runs = self.runs, longest = self.longest_run
        # From the oldest number to the latest one: what nothing came behind yet is no run, as it may still come.
        for at in range(width - 1, -1, -1):
            if not (self.window_low >> at if at < 64 else self.window_high >> (at - 64)) & 1:
                run += 1
            elif run:
                runs, longest, run = runs + 1, max(longest, run), 0
        return runs, longest

    @property
    def numbered(self):
        return [(self.latest[i], self.identified[i]) for i in range(NUMBERED_KEPT)]

    def update(self, time, frame, bytes payload not None, length, identification=0):
        if len(payload) < 12:
            raise IndexError("an RTP header has twelve octets")
        self.count(over(payload), length, time, frame[0], frame[1], identification)

    cdef inline Seldom rarely(self):
        """Where what happens seldom is counted."""
        if self.seldom is None:
            self.seldom = Seldom.__new__(Seldom)
        return self.seldom

    cdef inline int64_t promised(self) noexcept:
        return self.expected_before + self.highest - self.base + 1 if self.packets else 0

    cdef inline int64_t missing(self) noexcept:
        return max(0, self.promised() - (self.packets - self.duplicates))

    cdef inline int count(
        self, Octets payload, int64_t length, int64_t time, int64_t file, int64_t frame, int64_t identification
    ) except -1:
        """Count a datagram; its first twelve octets are an RTP header."""
        cdef Octets head
        narrow(&head, payload, 0, 12)
        cdef int payload_type = u8(head, 1) & 0x7F, sequence = u16(head, 2)
        cdef uint32_t timestamp = u32(head, 4)
        cdef int64_t duplicates = self.duplicates
        cdef bint pressed = self.behind_header(
            payload, length, time, file, frame, u8(head, 0), payload_type, timestamp
        )
        if self.pictures is not None:
            self.pictures.add(time, file, frame, payload, self.payload_begins, length)
        elif timestamp == self.timestamp and sequence != self.sequence and self.packets and not pressed:
            self.begin_pictures(time, file, frame, payload, length)
        if self.packets:
            self.arrival(time, file, frame, timestamp, sequence, pressed)
            self.sequenced(time, file, frame, timestamp, sequence)
            if self.duplicates != duplicates:
                self.compare(sequence, identification)
        else:
            self.heard_time, self.heard_timestamp = time, timestamp
            self.first, self.first_file, self.first_number = time, file, frame
            self.base = self.highest = sequence
            self.origin, self.samples, self.bucket_end = time, 1, time + BUCKET_NS
            self.soonest = self.highest_point = Point(time, 0)
            self.opening = part(payload, 0, min(payload.size, MAX_OPENING_OCTETS))
        self.typed(payload_type, time, file, frame)
        self.packets += 1
        self.octets += length
        self.last, self.last_file, self.last_number = time, file, frame
        self.timestamp, self.sequence = timestamp, sequence
        self.latest[sequence & (NUMBERED_KEPT - 1)] = <uint16_t> sequence
        self.identified[sequence & (NUMBERED_KEPT - 1)] = <uint32_t> identification
        if time >= self.bucket_end:
            self.longest = self.keep_sample(time, payload)
            self.fill(time)
        return 0

    cdef inline bint behind_header(
        self, Octets payload, int64_t length, int64_t time, int64_t file, int64_t frame, int first, int payload_type,
        uint32_t timestamp,
    ) except -1:
        cdef Py_ssize_t header = 12 + 4 * (first & 0x0F)
        cdef int words
        if first & 0x10:
            if payload.size >= header + 4:
                self.profiled(u16(payload, header))
                words = u16(payload, header + 2)
                if words > self.longest:
                    self.keep_longer(time, payload, words)
                header += 4 * words
            header += 4
        self.payload_begins = header
        if self.probing:
            self.probe(time, payload, header)
        self.sized(payload_type, length - header)
        if length - header == 4 and payload.size >= header + 4 and payload_type >= FIRST_UNASSIGNED:
            return self.event((payload_type, timestamp), time, file, frame, part(payload, header, 4))
        return False

    cdef int probe(self, int64_t time, Octets payload, Py_ssize_t header) except -1:
        """Keep what the first datagrams show, and what the payloads of a stream of repairs begin with."""
        cdef Py_ssize_t start, end
        if payload.size >= header + 2:
            self.original = <Number *> room(self.original, NULL, 0, self.originals_kept, sizeof(Number))
            self.original[self.originals_kept] = Number(time, u16(payload, header))
            self.originals_kept += 1
        if self.packets < PROBED_DATAGRAMS:
            start = 12 + 4 * (u8(payload, 0) & 0x0F)
            if u8(payload, 0) & 0x10 and payload.size >= start + 2 and u16(payload, start) == 0xBEDE:
                end = min(min(header, payload.size), start + 4 + MAX_EXTENSION_OCTETS)
                octets = part(payload, start + 4, end - start - 4) if end > start + 4 else b""
                if self.extended is None:
                    self.extended = []
                self.extended.append((u16(payload, 2), octets))
            if self.packets == PROBED_DATAGRAMS - 1:
                self.opening = b""
                self.probing = looks_numbered(self.original, self.originals_kept)
        elif self.originals_kept >= MAX_ORIGINALS:
            self.probing = False
        return 0

    cdef int begin_pictures(
        self, int64_t time, int64_t file, int64_t frame, Octets payload, int64_t length
    ) except -1:
        """Look at pictures from now on, and from the first datagram where this is the second."""
        self.pictures = Pictures(self.packets > 1, self.first, max(0, self.packets - self.duplicates - 1))
        if self.packets == 1:
            self.pictures.add(
                self.first, self.first_file, self.first_number, over(self.opening), header_end(over(self.opening)),
                self.octets,
            )
        self.pictures.add(time, file, frame, payload, self.payload_begins, length)
        self.opening = b""
        return 0

    cdef int keep_longer(self, int64_t time, Octets payload, int words) except -1:
        """Keep a header extension with more in it than those before; the first ones are kept in any case."""
        cdef Seldom kept
        self.longest = words
        if self.packets >= PROBED_DATAGRAMS:
            kept = self.rarely()
            if kept.longer is None:
                kept.longer = []
            if len(kept.longer) < MAX_LONGER:
                kept.longer.append(extension_of(time, payload))
        return 0

    cdef int keep_sample(self, int64_t time, Octets payload) except -1:
        """Keep the header extension of a datagram, if it has one; how many words are in it."""
        sampled = extension_of(time, payload)
        if sampled is None:
            return 0
        if self.sampled_extensions is None:
            self.sampled_extensions = []
        self.sampled_extensions.append(sampled)
        return u16(over(sampled.octets), 2)

    cdef bint event(self, tuple key, int64_t time, int64_t file, int64_t frame, bytes last) except -1:
        if u8(over(last), 0) > FLASH or u8(over(last), 1) & RESERVED:
            return False
        cdef Seldom kept = self.rarely()
        if kept.events is None:
            kept.events = {}
        known = kept.events.get(key)
        if known is not None or len(kept.events) < MAX_EVENTS:
            kept.events[key] = (time, time, last, (file, frame)) if known is None else (known[0], time, last, known[3])
        else:
            kept.other_events += 1
        return True

    cdef void profiled(self, int profile) noexcept:
        cdef int i
        if self.profiles_kept < PROFILES_KEPT:
            for i in range(self.profiles_kept):
                if self.profile[i] == profile:
                    return
            self.profile[self.profiles_kept] = profile
            self.profiles_kept += 1

    cdef inline int sized(self, int payload_type, int64_t size) except -1:
        cdef int i = self.likely_size
        cdef Size *kept
        if i >= self.sizes_kept or self.size[i].payload_type != payload_type:
            for i in range(self.sizes_kept):
                if self.size[i].payload_type == payload_type:
                    break
            else:
                i = self.sizes_kept
                self.size = <Size *> room(self.size, &self.own_size, 1, i, sizeof(Size))
                self.size[i] = Size(payload_type, 0, 0, size, size)
                self.sizes_kept += 1
            self.likely_size = i
        kept = &self.size[i]
        kept.packets += 1
        kept.octets += size
        kept.smallest, kept.largest = min(kept.smallest, size), max(kept.largest, size)
        return 0

    cdef inline int arrival(
        self, int64_t time, int64_t file, int64_t frame, uint32_t timestamp, int sequence, bint pressed
    ) except -1:
        cdef int64_t gap = time - self.last, before
        cdef int64_t step = <int32_t> (timestamp - self.timestamp)
        cdef int numbers = (sequence - self.sequence) & 0xFFFF
        cdef double seconds, ticks, away
        cdef int i
        if gap > self.largest_gap:
            self.largest_gap = gap
        if gap >= PAUSE_NS:
            self.paused(gap, time, file, frame, step, numbers)
        if numbers == 1:
            if gap < CLOSE_NS and step:
                self.close += 1
            if self.likely_step < self.steps_kept and self.step[self.likely_step].step == step:
                self.step[self.likely_step].count += 1
            else:
                self.stepped(step, time, file, frame)
        if pressed:
            return 0
        before = self.heard_time
        seconds, step = (<double> (time - before)) / 1e9, <int32_t> (timestamp - self.heard_timestamp)
        ticks = <double> step
        self.heard_time, self.heard_timestamp = time, timestamp
        away = ticks - self.pace * seconds
        if fabs(away) > self.notable and self.surprising(
            time, file, frame, timestamp, step, time - before, seconds, away, numbers
        ):
            return 0
        for i in range(CLOCKS_KEPT):
            self.jitters[i] += (fabs(seconds * CLOCKS[i] - ticks) - self.jitters[i]) / 16
            self.maxima[i] = self.jitters[i] if self.jitters[i] > self.maxima[i] else self.maxima[i]
        self.sample(time, step)
        return 0

    cdef int paused(
        self, int64_t gap, int64_t time, int64_t file, int64_t frame, int64_t step, int numbers
    ) except -1:
        pause = marks.Pause(gap, time, (file, frame), step, numbers)
        self.rarely().pauses = marks.among_largest(self.rarely().pauses, pause, MAX_PAUSES)
        return 0

    cdef int surprising(
        self, int64_t time, int64_t file, int64_t frame, uint32_t timestamp, int64_t step, int64_t gap, double seconds,
        double away, int numbers,
    ) except -1:
        """Whether a datagram that came at another moment than its timestamp says is one of a jump."""
        cdef bint forward = 0 < numbers <= 0x10000 - MAX_MISORDER
        if self.is_leap(time, seconds, step, away, forward):
            if len(self.rarely().leaps) < MAX_LEAPS:
                self.seldom.leaps += (marks.Leap(time, (file, frame), timestamp, step, gap, numbers),)
            self.jump(time, seconds)
            return True
        if forward and self.trusted:
            one = marks.Surprise(away, time, (file, frame), step, numbers)
            self.rarely().surprises = marks.among_largest(self.rarely().surprises, one, MAX_SURPRISES)
            self.set_notable()
        return False

    cdef bint is_leap(self, int64_t time, double seconds, int64_t step, double away, bint forward) noexcept:
        cdef double ticks = <double> step, ahead
        if fabs(ticks) > JUMP + JUMP_PER_SECOND * seconds:
            return True
        if not forward:
            return False
        if ticks < -self.leap:
            return True
        if away <= self.leap:
            return False
        if not self.pace:
            return ticks > self.leap + JUMP_PER_SECOND * seconds
        ahead = <double> (self.elapsed + step) - self.pace * ((<double> (time - self.origin)) / 1e9)
        return ahead > max(self.level, self.slack) + self.leap

    cdef int set_notable(self) except -1:
        cdef double least = 0
        if not self.trusted:
            self.notable = self.leap
            return 0
        if self.seldom is not None and len(self.seldom.surprises) == MAX_SURPRISES:
            least = min([abs(each.size) for each in self.seldom.surprises])
        self.notable = min(self.leap, max(SURPRISE_SECONDS * self.pace, least))
        return 0

    cdef int stepped(self, int64_t step, int64_t time, int64_t file, int64_t frame) except -1:
        """Count another step than the one before."""
        cdef int i
        for i in range(self.steps_kept):
            if self.step[i].step == step:
                self.step[i].count += 1
                break
        else:
            i = self.steps_kept
            if i < MAX_STEPS:
                self.step = <Step *> room(self.step, self.own_step, STEPS_OWN, self.steps_kept, sizeof(Step))
                self.step[self.steps_kept] = Step(step, 1)
                self.steps_kept += 1
            else:
                self.rarely()
                self.seldom.other_steps += 1
                self.seldom.other_ticks += step
        self.end_beat()
        self.likely_step = i
        self.beat_from = self.step[i].count - 1 if i < self.steps_kept else 0
        self.beat_time, self.beat_file, self.beat_number = time, file, frame
        return 0

    cdef inline int end_beat(self) except -1:
        cdef int i = self.likely_step
        if i < self.steps_kept and self.step[i].count - self.beat_from >= MIN_RHYTHM:
            self.keep_rhythm(self.step[i].step, self.step[i].count - self.beat_from)
        return 0

    cdef int keep_rhythm(self, int64_t step, int64_t count) except -1:
        one = marks.Rhythm(step, self.beat_time, self.last, count, (self.beat_file, self.beat_number))
        self.rhythms = marks.with_rhythm(self.rhythms, one)
        return 0

    cdef void jump(self, int64_t time, double seconds) noexcept:
        self.jumps += 1
        if self.trusted:
            self.sample(time, <int64_t> (self.pace * seconds))
            return
        self.origin, self.elapsed, self.samples = time, 0, 1
        self.sum_time = self.sum_ticks = self.sum_square = self.sum_product = 0.0
        self.pace, self.slack, self.points_kept = 0.0, -INFINITY, 0
        self.soonest = self.highest_point = Point(time, 0)
        self.level, self.leap, self.notable = -INFINITY, UNKNOWN_LEAP, UNKNOWN_LEAP

    cdef inline void sample(self, int64_t time, int64_t step) noexcept:
        cdef double at, ticks, slack
        self.elapsed += step
        at = (<double> (time - self.origin)) / 1e9
        ticks = <double> self.elapsed
        self.samples += 1
        self.sum_time += at
        self.sum_ticks += ticks
        self.sum_square += at * at
        self.sum_product += at * ticks
        slack = ticks - self.pace * at
        if slack > self.slack:
            self.slack, self.soonest = slack, Point(time, self.elapsed)

    cdef int fill(self, int64_t time) except -1:
        """End a bucket of the timeline."""
        cdef int best = 0, i
        for i in range(1, CLOCKS_KEPT):
            if self.jitters[i] / CLOCKS[i] < self.jitters[best] / CLOCKS[best]:
                best = i
        self.moment = <Moment *> room(self.moment, NULL, 0, self.moments_kept, sizeof(Moment))
        self.moment[self.moments_kept] = Moment(
            time, self.packets, self.missing(), best, self.jitters[best], self.octets,
            self.pictures.frames if self.pictures is not None else 0,
        )
        self.moments_kept += 1
        if self.pace:
            self.point = <Point *> room(self.point, NULL, 0, self.points_kept, sizeof(Point))
            self.point[self.points_kept] = self.soonest
            self.points_kept += 1
        self.set_pace()
        if self.pictures is None and self.trusted and fabs(self.pace - PICTURES_CLOCK) <= MAX_PACE_ERROR * PICTURES_CLOCK:
            self.pictures = Pictures(False, self.first, self.packets - self.duplicates)
        if self.moments_kept == MAX_TIMELINE:
            if self.sampled_extensions is not None:
                self.sampled_extensions = self.sampled_extensions[1::2]
            self.moments_kept //= 2
            for i in range(self.moments_kept):
                self.moment[i] = self.moment[2 * i + 1]
            self.thin()
            self.bucket *= 2
        self.bucket_end = time + self.bucket
        return 0

    cdef int set_pace(self) except -1:
        cdef double count = <double> self.samples
        cdef double spread = count * self.sum_square - self.sum_time * self.sum_time
        cdef double product = count * self.sum_product - self.sum_time * self.sum_ticks
        cdef double top, early
        cdef int i
        self.pace = product / spread if spread > 0 and product > 0 else 0.0
        self.slack = -INFINITY
        self.trusted = False
        for i in range(CLOCKS_KEPT):
            if fabs(self.pace - CLOCKS[i]) <= MAX_PACE_ERROR * CLOCKS[i]:
                self.trusted = True
        self.leap = min(JUMP, LEAP_SECONDS * self.pace if self.trusted else max(UNKNOWN_LEAP, self.pace))
        top, early = self.above(self.highest_point), self.above(self.soonest)
        self.level = top
        if early > top:
            self.level, self.highest_point = early, self.soonest
        self.set_notable()
        return 0

    cdef double above(self, Point point) noexcept:
        """How far a datagram is above the line, in timestamp units."""
        return (<double> point.elapsed) - self.pace * ((<double> (point.time - self.origin)) / 1e9)

    cdef void thin(self) noexcept:
        """Of each two neighbours keep the less delayed one."""
        cdef int i, half = self.points_kept // 2
        cdef Point one, two
        cdef double ahead
        for i in range(half):
            one, two = self.point[2 * i], self.point[2 * i + 1]
            ahead = <double> (one.elapsed - two.elapsed) - self.pace * ((<double> (one.time - two.time)) / 1e9)
            self.point[i] = one if ahead >= 0 else two
        if self.points_kept % 2:
            self.point[half] = self.point[self.points_kept - 1]
            half += 1
        self.points_kept = half

    cdef inline int sequenced(
        self, int64_t time, int64_t file, int64_t frame, uint32_t timestamp, int sequence
    ) except -1:
        cdef int step = (sequence - self.highest) & 0xFFFF
        if step < MAX_DROPOUT:
            if step == 0:
                self.twice(time, file, frame)
                if timestamp != self.timestamp and sequence == self.sequence:
                    self.use_again(time, file, frame)
            else:
                if step > 1:
                    self.left_out(step - 1, time, file, frame)
                if step > 1 or self.window_low != ALL or self.window_high != REORDER_MASK_HIGH:
                    self.settle(step)
                self.highest += step
                if step < 64:
                    self.window_high = (self.window_high << step | self.window_low >> (64 - step)) & REORDER_MASK_HIGH
                    self.window_low = self.window_low << step | 1
                else:
                    self.window_high = self.window_low << (step - 64) & REORDER_MASK_HIGH if step < 128 else 0
                    self.window_low = 1
            self.unexpected = -1
        elif step > 0x10000 - MAX_MISORDER:
            self.behind(0x10000 - step, time, file, frame)
        elif step > 0x10000 - MAX_DROPOUT and self.left_before(sequence):
            self.far_behind(sequence, time, file, frame)
        elif sequence == self.unexpected:
            self.restart(sequence)
        else:
            self.unexpected = (sequence + 1) & 0xFFFF
            self.rarely().odd = (self.last, time, step, <uint32_t> (timestamp - self.timestamp), (file, frame))
            self.reordered += 1
        return 0

    cdef int left_out(self, int numbers, int64_t time, int64_t file, int64_t frame) except -1:
        cdef Seldom kept = self.rarely()
        if kept.worst_loss is None or numbers > kept.worst_loss[0]:
            kept.worst_loss = (numbers, time, (file, frame))
        if kept.holes_kept < MAX_HOLES:
            kept.hole = <Gap *> room(kept.hole, NULL, 0, kept.holes_kept, sizeof(Gap))
            kept.hole[kept.holes_kept] = Gap(time, (self.highest + 1) & 0xFFFF, numbers)
            kept.holes_kept += 1
        return 0

    cdef int twice(self, int64_t time, int64_t file, int64_t frame) except -1:
        self.duplicates += 1
        if self.rarely().first_twice is None:
            self.seldom.first_twice = (time, (file, frame))
        return 0

    cdef int compare(self, int sequence, int64_t identification) except -1:
        """See whether what came twice came in one IP packet, which the capture has twice."""
        cdef uint32_t before = self.identified[sequence & (NUMBERED_KEPT - 1)]
        if self.latest[sequence & (NUMBERED_KEPT - 1)] == sequence and before and identification:
            if before == identification:
                self.rarely()
                self.seldom.copies += 1
            else:
                self.rarely()
                self.seldom.sent_twice += 1
        return 0

    cdef int use_again(self, int64_t time, int64_t file, int64_t frame) except -1:
        cdef Seldom kept = self.rarely()
        kept.reused += 1
        if kept.first_reused is None:
            kept.first_reused = (time, (file, frame))
        return 0

    cdef bint came(self, int place) noexcept:
        """Whether the number that is at this place of the window, the oldest at 0, has come."""
        cdef int bit = MAX_MISORDER - 1 - place
        return (self.window_low >> bit if bit < 64 else self.window_high >> (bit - 64)) & 1

    cdef void settle(self, int step) noexcept:
        cdef int64_t place = max(0, self.base - (self.highest - MAX_MISORDER + 1))
        while place < min(step, MAX_MISORDER):
            if self.came(<int> place):
                self.close_run()
            else:
                self.run += 1
            place += 1
        if step > MAX_MISORDER:
            self.run += step - MAX_MISORDER

    cdef void close_run(self) noexcept:
        if self.run:
            self.runs += 1
            self.longest_run = max(self.longest_run, self.run)
            self.run = 0

    cdef int behind(self, int distance, int64_t time, int64_t file, int64_t frame) except -1:
        cdef uint64_t low = <uint64_t> 1 << distance if distance < 64 else 0
        cdef uint64_t high = <uint64_t> 1 << (distance - 64) if distance >= 64 else 0
        self.note_late(time, (self.highest - distance) & 0xFFFF)
        if self.highest - distance < self.base:
            self.base = self.highest - distance
        if self.window_low & low or self.window_high & high:
            self.twice(time, file, frame)
        else:
            self.reordered += 1
            self.window_low |= low
            self.window_high |= high
            if self.seldom.first_late is None:
                self.seldom.first_late = (time, (file, frame))
        return 0

    cdef int note_late(self, int64_t time, int sequence) except -1:
        """Keep one of the first numbers that came late or again."""
        cdef Seldom kept = self.rarely()
        if kept.late_kept < MAX_LATE:
            kept.behind_number = <Number *> room(kept.behind_number, NULL, 0, kept.late_kept, sizeof(Number))
            kept.behind_number[kept.late_kept] = Number(time, sequence)
            kept.late_kept += 1
        return 0

    cdef bint left_before(self, int sequence) noexcept:
        """Whether a number was left out and has not come since."""
        cdef Seldom kept = self.seldom
        cdef int i, j
        for i in range(kept.holes_kept if kept is not None else 0):
            if (sequence - kept.hole[i].first) & 0xFFFF < kept.hole[i].numbers:
                for j in range(kept.late_kept):
                    if kept.behind_number[j].number == sequence:
                        return False
                return True
        return False

    cdef int far_behind(self, int sequence, int64_t time, int64_t file, int64_t frame) except -1:
        """Count what fills a gap that has left the window, as repairs do on long paths."""
        self.reordered += 1
        self.note_late(time, sequence)
        if self.seldom.first_late is None:
            self.seldom.first_late = (time, (file, frame))
        return 0

    cdef int restart(self, int sequence) except -1:
        self.settle(MAX_MISORDER)
        self.close_run()
        self.expected_before += self.highest - self.base + 1
        self.base, self.highest = sequence - 1, sequence
        self.window_low, self.window_high, self.unexpected = 3, 0, -1
        self.reordered -= 1
        self.restarts += 1
        if self.pictures is not None:
            self.pictures.restart(sequence)
        cdef Seldom kept = self.rarely()
        if kept.breaks is None:
            kept.breaks = []
        if len(kept.breaks) < MAX_BREAKS:
            kept.breaks.append(kept.odd)
        return 0

    cdef inline int typed(self, int payload_type, int64_t time, int64_t file, int64_t frame) except -1:
        cdef Phase *phase
        if payload_type != self.payload_type:
            self.payload_type = payload_type
            if self.phases_kept < MAX_PHASES:
                self.phase = <Phase *> room(self.phase, &self.own_phase, 1, self.phases_kept, sizeof(Phase))
                self.phase[self.phases_kept] = Phase(payload_type, time, time, 0)
                if self.phases_kept:
                    self.rarely()
                    self.seldom.phase_frames += ((file, frame),)
                self.phases_kept += 1
            else:
                self.rarely()
                self.seldom.other_phases += 1
        phase = &self.phase[self.phases_kept - 1]
        if phase.payload_type == payload_type:
            phase.last = time
            phase.packets += 1
        return 0


cdef bint looks_numbered(const Number *original, int count) noexcept:
    """As `repairs.looks_numbered`."""
    cdef int repeated = 0, i
    cdef int64_t step
    for i in range(1, count):
        step = (original[i].number - original[i - 1].number + 0x8000 & 0xFFFF) - 0x8000
        if not LEAST_STEP < step < MOST_STEP:
            return False
        repeated += step == 0
    return repeated <= MOST_REPEATED_SHARE * max(0, count - 1)


cdef extension_of(int64_t time, Octets payload):
    """The header extension of a datagram, with its own header; None where it has none."""
    cdef Py_ssize_t at = 12 + 4 * (u8(payload, 0) & 0x0F), size
    if not u8(payload, 0) & 0x10 or payload.size < at + 4:
        return None
    size = min(min(4 + 4 * u16(payload, at + 2), 4 + MAX_EXTENSION_OCTETS), payload.size - at)
    return repairs.Sampled(time, u16(payload, 2), part(payload, at, size))
