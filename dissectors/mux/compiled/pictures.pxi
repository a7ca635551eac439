# The frames of a stream of pictures as C numbers, as `mux.pictures` counts them, and the signs of `mux.key_frames`.

cdef enum:
    SIGNS_KEPT = 6
    BLOCKS_KEPT = 32

if pictures.SIGNS != SIGNS_KEPT or key_frames.DESCRIPTOR != SIGNS_KEPT - 1 or pictures.BLOCKS != BLOCKS_KEPT:
    raise ImportError("the compiled pictures were written for other codecs")

cdef int MAX_LATE_NUMBERS = pictures.MAX_LATE_NUMBERS, MAX_KEY_FRAMES = pictures.MAX_KEY_FRAMES
cdef int MAX_FREEZES = pictures.MAX_FREEZES, MIN_FRAMES = pictures.MIN_FRAMES, FREEZE_TIMES = pictures.FREEZE_TIMES
cdef int64_t FREEZE_NS = pictures.FREEZE_NS
cdef int FIRST_BLOCK = pictures.FIRST_BLOCK
cdef int SETTLING = pictures.SETTLING, MAX_LARGE = repairs.MAX_LARGE
cdef double LARGE_PICTURE = repairs.LARGE_PICTURE, FALL = repairs.FALL, RISE = repairs.RISE
cdef int MOST_ID = key_frames.MOST_ID, MAX_UNITS = key_frames.MAX_UNITS, SEQUENCE_HEADER = key_frames.SEQUENCE_HEADER
cdef int STAP_A = key_frames.STAP_A, FU_A = key_frames.FU_A, FU_B = key_frames.FU_B
cdef int AP = key_frames.AP, FU = key_frames.FU
cdef int IDR_FIRST = key_frames.IDR.start, IDR_END = key_frames.IDR.stop
cdef int IRAP_FIRST = key_frames.IRAP.start, IRAP_END = key_frames.IRAP.stop


cdef struct Number:
    int64_t time
    int64_t number


@final
cdef class Pictures:
    cdef readonly bint partial, marked
    cdef readonly int sequence, signs
    cdef readonly uint32_t timestamp
    cdef readonly int64_t packets, octets, holes, began, frames, incomplete, largest, frozen, frozen_ns, first, opened
    cdef readonly int64_t unmarked
    cdef readonly double usual, interval
    cdef int64_t file, number
    cdef readonly tuple freezes, keys
    cdef int64_t[SIGNS_KEPT] counted
    cdef int64_t[BLOCKS_KEPT] block
    cdef Number *large_picture
    cdef int large_kept

    def __init__(self, bint partial, int64_t first=0, int64_t frames=0):
        self.partial = partial
        self.first, self.frames = first, frames
        self.freezes = ()
        self.keys = tuple([[] for _ in range(SIGNS_KEPT)])

    def __dealloc__(self):
        PyMem_Free(self.large_picture)

    @property
    def place(self):
        return self.file, self.number

    @property
    def large(self):
        return [repairs.Large(self.large_picture[i].time, self.large_picture[i].number) for i in range(self.large_kept)]

    @property
    def counts(self):
        return [self.counted[i] for i in range(SIGNS_KEPT)]

    @property
    def blocks(self):
        return [self.block[i] for i in range(BLOCKS_KEPT)]

    cdef inline int add(
        self, int64_t time, int64_t file, int64_t frame, Octets payload, Py_ssize_t header, int64_t length
    ) except -1:
        cdef Octets head
        narrow(&head, payload, 0, 12)
        cdef int first, sequence = u16(head, 2), ahead = (sequence - self.sequence) & 0xFFFF
        cdef uint32_t timestamp = u32(head, 4)
        if not self.packets:
            self.begin(time, file, frame, payload, timestamp, 1)
            self.first = self.first if self.frames else time
        elif ahead == 0 or ahead > 0x10000 - MAX_LATE_NUMBERS:
            return 0
        elif timestamp != self.timestamp:
            self.end(ahead)
            self.paused(time, file, frame, timestamp, ahead)
            self.begin(time, file, frame, payload, timestamp, ahead if self.marked else 1)
        elif ahead > 1:
            self.holes += ahead - 1
        self.sequence = sequence
        self.packets += 1
        self.octets += length
        self.marked = self.marked or u8(head, 1) >= 0x80
        if header < payload.size:
            self.signs |= payload_signs(payload, header)
            first = u8(payload, header) & 0x7F
            if first >= FIRST_BLOCK:
                self.block[first - FIRST_BLOCK] += 1
        return 0

    cdef void restart(self, int sequence) noexcept:
        self.sequence = sequence

    cdef inline int begin(
        self, int64_t time, int64_t file, int64_t frame, Octets payload, uint32_t timestamp, int ahead
    ) except -1:
        self.timestamp, self.began, self.file, self.number = timestamp, time, file, frame
        self.octets, self.packets, self.holes, self.marked = 0, 0, ahead - 1, False
        self.signs = extension_signs(payload) if u8(payload, 0) & 0x10 else 0
        return 0

    cdef inline int paused(
        self, int64_t time, int64_t file, int64_t frame, uint32_t timestamp, int ahead
    ) except -1:
        cdef double gap = <double> (time - self.began), interval = self.interval
        if self.frames >= MIN_FRAMES and gap >= interval + FREEZE_NS and gap >= FREEZE_TIMES * interval:
            self.freeze(time - self.began, time, file, frame, <int32_t> (timestamp - self.timestamp), ahead)
        if not interval:
            self.interval += gap
        else:
            self.interval += (min(gap, FREEZE_TIMES * interval) - interval) / SETTLING
        return 0

    cdef int freeze(self, int64_t gap, int64_t time, int64_t file, int64_t frame, int64_t step, int ahead) except -1:
        self.frozen += 1
        self.frozen_ns += gap
        one = marks.Freeze(gap, time, (file, frame), step, ahead - 1)
        self.freezes = marks.among_largest(self.freezes, one, MAX_FREEZES)
        return 0

    cdef inline int end(self, int ahead) except -1:
        """Count the frame that goes on; the next one is `ahead` of its last number."""
        cdef double octets = <double> self.octets
        self.frames += 1
        if self.partial:
            self.partial = False
            return 0
        self.largest = max(self.largest, self.octets)
        if not self.marked:
            self.unmarked += 1
        if self.holes > 0 or (ahead > 1 and not self.marked):
            self.incomplete += 1
        if self.signs:
            self.key()
        if not self.usual:
            self.usual, self.opened = octets, self.octets
            return 0
        if octets > LARGE_PICTURE * self.usual:
            if self.large_kept < MAX_LARGE:
                self.large_picture = <Number *> room(self.large_picture, NULL, 0, self.large_kept, sizeof(Number))
                self.large_picture[self.large_kept] = Number(self.began, self.octets)
                self.large_kept += 1
            octets = LARGE_PICTURE * self.usual
        self.usual += (octets - self.usual) * (RISE if octets > self.usual else FALL)
        return 0

    cdef int key(self) except -1:
        cdef int ids = self.signs >> (SIGNS_KEPT - 1), i
        for i in range(SIGNS_KEPT):
            if ids if i == SIGNS_KEPT - 1 else self.signs >> i & 1:
                self.counted[i] += 1
                if len(self.keys[i]) < MAX_KEY_FRAMES:
                    one = pictures.KeyFrame(self.began, (self.file, self.number), self.octets, ids)
                    self.keys[i].append(one)
        return 0


cdef inline int payload_signs(Octets payload, Py_ssize_t at) except -1:
    """As `key_frames.payload_signs`; most payloads show none by their first octet."""
    cdef int first = u8(payload, at), signs = 0
    if first & 0x5F == 0x10 and begins_vp8(payload, at, first):
        signs |= 1
    if first & 0x48 == 0x08 and begins_vp9(payload, at, first):
        signs |= 2
    if not first & 0x80 and begins_h264(payload, at, first & 0x1F):
        signs |= 4
    if begins_h265(payload, at, first >> 1):
        signs |= 8
    if first & 0x8F == 0x08 and begins_av1(payload, at, first):
        signs |= 16
    return signs


cdef bint begins_vp8(Octets payload, Py_ssize_t at, int first) except -1:
    cdef Py_ssize_t end = at + 1
    cdef int bits
    if first & 0x80:
        if end >= payload.size:
            return False
        bits = u8(payload, end)
        end += 1
        if bits & 0x80:
            end += 2 if end < payload.size and u8(payload, end) & 0x80 else 1
        end += (bits >> 6 & 1) + (1 if bits & 0x30 else 0)
    if end + 6 > payload.size or u8(payload, end) & 1:
        return False
    return u8(payload, end + 3) == 0x9D and u16(payload, end + 4) == 0x012A


cdef bint begins_vp9(Octets payload, Py_ssize_t at, int first) except -1:
    cdef Py_ssize_t end = at + 1
    if first & 0x80:
        end += 2 if end < payload.size and u8(payload, end) & 0x80 else 1
    return not first & 0x20 or (end < payload.size and not u8(payload, end) & 0x0E)


cdef inline bint begins_h264(Octets payload, Py_ssize_t at, int kind) except -1:
    cdef Py_ssize_t unit
    cdef int i, bits
    if kind == STAP_A:
        unit = at + 1
        for i in range(MAX_UNITS):
            if unit + 2 >= payload.size:
                return False
            if IDR_FIRST <= u8(payload, unit + 2) & 0x1F < IDR_END:
                return True
            unit += 2 + u16(payload, unit)
        return False
    if kind == FU_A or kind == FU_B:
        bits = u8(payload, at + 1) if at + 1 < payload.size else 0
        return bits & 0x80 and IDR_FIRST <= bits & 0x1F < IDR_END
    return IDR_FIRST <= kind < IDR_END


cdef inline bint begins_h265(Octets payload, Py_ssize_t at, int kind) except -1:
    cdef Py_ssize_t unit
    cdef int i, bits
    if kind == AP:
        unit = at + 2
        for i in range(MAX_UNITS):
            if unit + 2 >= payload.size:
                return False
            if IRAP_FIRST <= u8(payload, unit + 2) >> 1 < IRAP_END:
                return True
            unit += 2 + u16(payload, unit)
        return False
    if kind == FU:
        bits = u8(payload, at + 2) if at + 2 < payload.size else 0
        return bits & 0x80 and IRAP_FIRST <= bits & 0x3F < IRAP_END
    return IRAP_FIRST <= kind < IRAP_END


cdef bint begins_av1(Octets payload, Py_ssize_t at, int first) except -1:
    cdef Py_ssize_t unit = at + 1
    if first & 0x30 != 0x10:
        while unit < payload.size and u8(payload, unit) & 0x80:
            unit += 1
        unit += 1
    return unit < payload.size and u8(payload, unit) >> 3 == SEQUENCE_HEADER


cdef int extension_signs(Octets payload) except -1:
    """As `key_frames.extension_signs`."""
    cdef Py_ssize_t at = 12 + 4 * (u8(payload, 0) & 0x0F), end
    cdef int profile, number, size, signs = 0
    if payload.size < at + 4:
        return 0
    profile, end = u16(payload, at), min(payload.size, at + 4 + 4 * u16(payload, at + 2))
    at += 4
    if profile != 0xBEDE and profile & 0xFFF0 != 0x1000:
        return 0
    while at + 1 < end:
        number = u8(payload, at)
        if not number:
            at += 1
            continue
        if profile == 0xBEDE:
            number, size, at = number >> 4, (number & 0x0F) + 1, at + 1
            if number == 15:
                return signs
        else:
            size, at = u8(payload, at + 1), at + 2
        if at + size > end:
            return signs
        if number <= MOST_ID and size > 3 and u8(payload, at) & 0x80 and u8(payload, at + 3) & 0x80:
            signs |= 1 << (SIGNS_KEPT - 1 + number)
        at += size
    return signs


cdef Py_ssize_t header_end(Octets payload) except -1:
    """Where the payload of an RTP datagram begins, if it has that many octets."""
    cdef Py_ssize_t end = 12 + 4 * (u8(payload, 0) & 0x0F)
    if u8(payload, 0) & 0x10:
        if payload.size >= end + 4:
            end += 4 * u16(payload, end + 2)
        end += 4
    return end
