# Which quiet flows begin or end at an address and port, for who asks: a chain of records each, in their order.

cdef struct End:
    uint64_t high
    uint64_t low
    uint64_t port       # with the length of the address beside it; 0 where nothing is
    int64_t count       # of those that are there
    int64_t first       # the first link of the chain, -1 for none, and the last one
    int64_t last


@final
cdef class Ends:
    """A link is twice the place of a record, and one more for its destination; `next` holds the one after each."""

    cdef End *ends
    cdef int64_t *next
    cdef Py_ssize_t taken, size, links
    cdef uint64_t secret

    def __init__(self):
        self.secret = <uint64_t> hash("where an end begins to look for its place")
        self.build(SMALLEST)

    def __dealloc__(self):
        PyMem_Free(self.ends)
        PyMem_Free(self.next)

    cdef End *find(self, uint64_t high, uint64_t low, uint64_t port) noexcept:
        cdef uint64_t at = folded(high ^ low ^ self.secret, folded(low, port ^ self.secret)) & (self.size - 1)
        while self.ends[at].port and (
            self.ends[at].port != port or self.ends[at].low != low or self.ends[at].high != high
        ):
            at = (at + 1) & (self.size - 1)
        return &self.ends[at]

    cdef int build(self, Py_ssize_t size) except -1:
        cdef End *before = self.ends
        cdef Py_ssize_t at, places = self.size
        cdef End *larger = <End *> PyMem_Calloc(size, sizeof(End))
        if larger is NULL:
            raise MemoryError()
        self.ends, self.size = larger, size
        for at in range(places):
            if before[at].port:
                self.find(before[at].high, before[at].low, before[at].port)[0] = before[at]
        PyMem_Free(before)
        return 0

    cdef int add(self, const Wire *wire, Py_ssize_t at) except -1:
        """Add a record, which comes after all that are there."""
        cdef int64_t *larger
        cdef Py_ssize_t links
        if 2 * at + 2 > self.links:
            links = max(SMALLEST, 2 * self.links)
            while links < 2 * at + 2:
                links *= 2
            larger = <int64_t *> PyMem_Realloc(self.next, links * sizeof(int64_t))
            if larger is NULL:
                raise MemoryError()
            self.next, self.links = larger, links
        self.chain(wire.src_high, wire.src_low, source_of(wire), 2 * at)
        if not same_end(wire):
            self.chain(wire.dst_high, wire.dst_low, target_of(wire), 2 * at + 1)
        return 0

    cdef int chain(self, uint64_t high, uint64_t low, uint64_t port, int64_t link) except -1:
        cdef End *end = self.want(high, low, port)
        self.next[link] = -1
        if end.first < 0:
            end.first = link
        else:
            self.next[end.last] = link
        end.last = link
        end.count += 1
        return 0

    cdef End *want(self, uint64_t high, uint64_t low, uint64_t port) except NULL:
        """The place of an end, made if it is new."""
        cdef End *end
        if 2 * (self.taken + 1) > self.size:
            self.build(2 * self.size)
        end = self.find(high, low, port)
        if not end.port:
            end.high, end.low, end.port, end.first = high, low, port, -1
            self.taken += 1
        return end

    cdef bint has_one_of(self, const Wire *wire) noexcept:
        """Whether one of the ends of a 5-tuple has a place."""
        return (
            self.find(wire.src_high, wire.src_low, source_of(wire)).port != 0
            or self.find(wire.dst_high, wire.dst_low, target_of(wire)).port != 0
        )

    cdef int take(self, const Wire *wire) except -1:
        """Count a record no longer; its links stay."""
        self.find(wire.src_high, wire.src_low, source_of(wire)).count -= 1
        if not same_end(wire):
            self.find(wire.dst_high, wire.dst_low, target_of(wire)).count -= 1
        return 0

    cdef int count_flow(self, FlowState state, int64_t more) except -1:
        """Count a flow that is an object at its ends, or count it no longer; it has no links."""
        cdef Wire wire = state.wire
        if state.given is None:
            self.want(wire.src_high, wire.src_low, source_of(&wire)).count += more
            if not same_end(&wire):
                self.want(wire.dst_high, wire.dst_low, target_of(&wire)).count += more
            return 0
        for address, port in set(ends_of(state.given)):
            if len(address) in (4, 16):
                wire = on_the_wire(address, port, address, port)
                self.want(wire.src_high, wire.src_low, source_of(&wire)).count += more
        return 0

    cdef list places(self, bytes address, uint64_t port):
        """The places of the records, also of those that are gone."""
        cdef Wire wire = on_the_wire(address, port, address, port)
        cdef End *end = self.find(wire.src_high, wire.src_low, source_of(&wire))
        cdef int64_t link = end.first if end.port else -1
        found = []
        while link >= 0:
            found.append(link // 2)
            link = self.next[link]
        return found


cdef inline bint same_end(const Wire *wire) noexcept:
    return wire.src_low == wire.dst_low and wire.src_high == wire.dst_high and source_of(wire) == target_of(wire)


cdef inline uint64_t source_of(const Wire *wire) noexcept:
    return wire.ports >> 32 << 32 | wire.ports >> 16 & 0xFFFF


cdef inline uint64_t target_of(const Wire *wire) noexcept:
    return wire.ports >> 32 << 32 | wire.ports & 0xFFFF
