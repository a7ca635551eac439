# Flows and pairs whose counters are C numbers, and an index that finds a flow by its octets on the wire.

cdef enum:
    MOST_PROTOCOLS = 32
    SMALLEST = 1024

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

    Both hold as long as no stream had to give way since their `generation`. As long as a flow has carried nothing but
    `only` one protocol, `settled` counts it; `tally` counts by protocol once there are several.
    """

    # In the order of use, as the counters of a stream.
    cdef Wire wire
    cdef readonly PairState pair
    cdef Counters latest
    cdef int64_t generation
    cdef readonly int64_t datagrams, octets, last, encrypted, used
    cdef bint is_open
    cdef int only
    cdef int64_t settled
    cdef int64_t *tally
    cdef dict streams
    cdef readonly int64_t number, first, unknown_octets
    cdef int64_t first_file, first_number
    cdef readonly object key
    cdef object written

    def __init__(self, number, key, PairState pair not None):
        self.number, self.key, self.pair = number, key, pair
        self.is_open = True
        self.wire = on_the_wire(key.src, key.sport, key.dst, key.dport)

    def __dealloc__(self):
        PyMem_Free(self.tally)

    @property
    def open(self):
        return self.is_open

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
        if self.tally is not NULL:
            return [self.tally[number] for number in range(COUNTED)]
        return [self.settled if number == self.only else 0 for number in range(COUNTED)]

    @property
    def flow(self):
        if self.written is None:
            self.written = written_out(self.key)
        return self.written

    cdef inline void arrive(self, int64_t time, int64_t file, int64_t frame, int64_t length) noexcept:
        if not self.datagrams:
            self.first, self.first_file, self.first_number = time, file, frame
        self.datagrams += 1
        self.octets += length
        self.last = time

    cdef inline int settle(self, int protocol, bint encrypted) except -1:
        self.encrypted += encrypted
        if self.tally is NULL:
            if protocol == self.only or not self.settled:
                self.only = protocol
                self.settled += 1
                return 0
            self.apart()
        self.tally[protocol] += 1
        return 0

    cdef int apart(self) except -1:
        """Count by protocol from now on."""
        self.tally = <int64_t *> PyMem_Calloc(COUNTED, sizeof(int64_t))
        if self.tally is NULL:
            raise MemoryError()
        self.tally[self.only] = self.settled
        return 0


cdef struct Slot:
    uint64_t hash
    PyObject *state


@final
cdef class FlowIndex:
    """Open flows by their octets: a table of places filled to half at most, with a secret in its hash.

    A flow that the bounded table let go stays until the next growth, and is passed over.
    """

    cdef list states
    cdef Slot *slots
    cdef uint64_t mask, secret, other
    cdef Py_ssize_t closed

    def __init__(self):
        self.secret = <uint64_t> hash("where a flow begins to look for its place")
        self.other = <uint64_t> hash("and what its ports are mixed with")
        self.build([])

    def __dealloc__(self):
        PyMem_Free(self.slots)

    cdef inline FlowState find(self, const Wire *wire):
        cdef uint64_t hash = self.hash(wire), at = hash & self.mask
        cdef FlowState state
        while self.slots[at].state is not NULL:
            if self.slots[at].hash == hash:
                state = <FlowState> self.slots[at].state
                if (
                    state.wire.src_low == wire.src_low
                    and state.wire.dst_low == wire.dst_low
                    and state.wire.ports == wire.ports
                    and state.wire.src_high == wire.src_high
                    and state.wire.dst_high == wire.dst_high
                    and state.is_open
                ):
                    return state
            at = (at + 1) & self.mask
        return None

    cdef int add(self, FlowState state) except -1:
        if 2 * (<uint64_t> len(self.states) + 1) > self.mask:
            self.shrink()
        cdef uint64_t hash = self.hash(&state.wire), at = hash & self.mask
        while self.slots[at].state is not NULL:
            at = (at + 1) & self.mask
        self.states.append(state)
        self.slots[at] = Slot(hash, <PyObject *> state)
        return 0

    cdef int let_go(self, Py_ssize_t flows) except -1:
        """Some flows were closed: a table of which half is closed is made anew."""
        self.closed += flows
        if 2 * self.closed > len(self.states):
            self.shrink()
        return 0

    cdef int shrink(self) except -1:
        """A new table of the flows that are still open."""
        return self.build([each for each in self.states if (<FlowState> each).is_open])

    cdef int build(self, list states) except -1:
        """A new table with room for twice these states."""
        cdef uint64_t size = SMALLEST
        while size < 4 * <uint64_t> len(states):
            size *= 2
        cdef Slot *larger = <Slot *> PyMem_Calloc(size, sizeof(Slot))
        if larger is NULL:
            raise MemoryError()
        PyMem_Free(self.slots)
        self.slots, self.mask = larger, size - 1
        self.states = []
        self.closed = 0
        for state in states:
            self.add(<FlowState> state)
        return 0

    cdef inline uint64_t hash(self, const Wire *wire) noexcept:
        cdef uint64_t ends = wire.src_low << 32 | wire.dst_low
        if wire.ports >> 32 != 4:
            ends = folded(wire.src_high ^ self.secret, wire.dst_high ^ self.other)
            ends ^= folded(wire.src_low ^ self.other, wire.dst_low ^ self.secret)
        return folded(ends ^ self.secret, wire.ports ^ self.other)
