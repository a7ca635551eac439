# Flows and pairs whose counters are C numbers.

cdef enum:
    MOST_PROTOCOLS = 32

if len(PROTOCOLS) > MOST_PROTOCOLS:
    raise ImportError(f"the compiled scan counts {MOST_PROTOCOLS} protocols, the table has {len(PROTOCOLS)}")

cdef int COUNTED = len(PROTOCOLS)


@final
cdef class PairState:
    cdef public uint64_t seen
    cdef public dict waiting
    cdef public object outer, channels

    def __init__(self, outer):
        self.seen = 0
        self.outer = outer


@final
cdef class FlowState:
    """`latest` are the counters of the stream that was here last, `streams` of all by SSRC once there are several.

    Both hold as long as no stream had to give way since their `generation`. `settled` counts the protocol that is
    `usual` on a flow, `tally` the others by protocol, once there are any. `given` is the key of a flow that is more
    than addresses and ports of UDP; `wire` are the numbers of any other.
    """

    # In the order of use, as the counters of a stream.
    cdef Wire wire
    cdef readonly PairState pair
    cdef Counters latest
    cdef int64_t generation
    cdef readonly int64_t datagrams, octets, last, encrypted, used
    cdef char is_open, usual
    cdef int32_t first_file
    cdef int64_t settled
    cdef int64_t *tally
    cdef dict streams
    cdef readonly int64_t number, first, unknown_octets
    cdef int64_t first_number
    cdef object given, written

    def __init__(self, number, key, PairState pair not None):
        self.number, self.given, self.pair = number, key, pair
        self.is_open = True

    def __dealloc__(self):
        PyMem_Free(self.tally)

    @property
    def key(self):
        return key_on_the_wire(&self.wire) if self.given is None else self.given

    @property
    def inside(self):
        return NOT_INSIDE if self.given is None else self.given.inside

    @property
    def transport(self):
        return OVER_UDP if self.given is None else self.given.transport

    @property
    def open(self):
        return self.is_open != 0

    @open.setter
    def open(self, value):
        self.is_open = value
        if not value:
            self.latest = self.streams = None

    @property
    def first_frame(self):
        return self.first_file, self.first_number

    @property
    def counts(self):
        if self.tally is NULL:
            return [self.settled if number == self.usual else 0 for number in range(COUNTED)]
        return [self.settled if number == self.usual else self.tally[number] for number in range(COUNTED)]

    @property
    def waits(self):
        cdef int64_t settled = self.settled
        cdef int number
        if self.tally is not NULL:
            for number in range(COUNTED):
                settled += self.tally[number] if number != self.usual else 0
        return settled < self.datagrams

    @property
    def flow(self):
        if self.written is None:
            self.written = written_on_the_wire(&self.wire) if self.given is None else written_out(self.given)
        return self.written

    cdef inline void arrive(self, int64_t time, int64_t file, int64_t frame, int64_t length) noexcept:
        if not self.datagrams:
            self.first, self.first_file, self.first_number = time, <int32_t> file, frame
        self.datagrams += 1
        self.octets += length
        self.last = time

    cdef inline int settle(self, int protocol, bint encrypted) except -1:
        self.encrypted += encrypted
        if protocol == self.usual or not self.settled:
            self.usual = <char> protocol
            self.settled += 1
            return 0
        return self.settle_another(protocol)

    cdef int settle_another(self, int protocol) except -1:
        """Count a protocol that is not the usual one, which is the one that came more often so far."""
        if self.tally is NULL:
            self.tally = <int64_t *> PyMem_Calloc(COUNTED, sizeof(int64_t))
            if self.tally is NULL:
                raise MemoryError()
        self.tally[protocol] += 1
        if self.tally[protocol] > self.settled:
            self.tally[self.usual] = self.settled
            self.settled, self.usual = self.tally[protocol], <char> protocol
        return 0
