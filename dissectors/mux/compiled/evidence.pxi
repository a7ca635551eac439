# Whether datagrams begin a stream: compiled answers for the common case, and `mux.rtp_sequence` is asked in every other.

cdef int64_t MIN_RANDOM_SSRC = evidence.MIN_RANDOM_SSRC
cdef int EXAMINED_DATAGRAMS = rtp_sequence.EXAMINED_DATAGRAMS, MIN_DATAGRAMS = rtp_sequence.MIN_DATAGRAMS
cdef int64_t MAX_TIMESTAMP_STEP = rtp_sequence.MAX_TIMESTAMP_STEP, MAX_TIMESTAMP_STEP_OF_TWO = rtp_sequence.MAX_TIMESTAMP_STEP_OF_TWO


class Judge(Evidence):
    """As `mux.evidence.Evidence`."""

    def __init__(self, *settings):
        super().__init__(*settings)
        self.beginnings = Beginnings(self)

    def joined(self, Entry entry):
        """Those with whom a candidate waits: what `judge` would have said of it when it came is that it waits."""
        cdef Beginning beginning
        protocol, pair = ROWS[entry.row][0], entry.flow.pair
        if protocol == RTP:
            beginning = (<Beginnings> self.beginnings).candidate((entry.flow.number, u32(over(entry.payload), 8)))
            beginning.entries.append(entry)
            beginning.objection = objection(beginning.entries)
            return beginning
        if pair.waiting is None:
            pair.waiting = {}
        waiting = pair.waiting.setdefault(protocol, Waiting())
        waiting.entries.append(entry)
        return waiting

    def _rtp(self, Entry entry):
        if len(entry.payload) < 12 or is_quics(entry.flow):
            return super()._rtp(entry)
        return (<Beginnings> self.beginnings).rtp(entry, entry.flow, entry.payload)

    def _begins(self, key, Entry entry, waiting):
        return (<Beginnings> self.beginnings).begin(key, entry, entry.flow, entry.payload, waiting)


cdef inline bint is_quics(FlowState flow) noexcept:
    """As `evidence._is_quics` of a flow's 5-tuple."""
    return flow.pair.seen & SEEN_QUIC != 0 and not flow.pair.seen & BESIDE_QUIC


cdef bint has_extension(Octets payload) except -1:
    """As `payload_hints.has_extension`."""
    cdef Py_ssize_t end = 12 + 4 * (u8(payload, 0) & 0x0F)
    return u8(payload, 0) & 0x10 and end + 2 <= payload.size and u16(payload, end) == 0xBEDE


cdef bint two_in_sequence(list both) except -1:
    """As `rtp_sequence.two_in_sequence`."""
    cdef Octets one = over((<Entry> both[0]).payload), two = over((<Entry> both[1]).payload)
    cdef int64_t step = <int32_t> (<uint32_t> u32(two, 4) - <uint32_t> u32(one, 4))
    if (u16(two, 2) - u16(one, 2)) & 0xFFFF == 1 and step and -MAX_TIMESTAMP_STEP_OF_TWO < step < MAX_TIMESTAMP_STEP_OF_TWO:
        return True
    return rtp_sequence.two_in_sequence([(entry.payload, entry.length) for entry in both])


cdef bint in_sequence(list entries) except -1:
    """Whether entries are a stream beyond doubt: in order, at least half of them the next of the one before."""
    cdef Octets one = over((<Entry> entries[0]).payload), two
    cdef uint32_t first = u32(one, 4)
    cdef int number, neighbours = 0, near = 0, moved = 0, alike = 0
    cdef int64_t before = 0, after
    cdef Py_ssize_t i, steps = len(entries) - 1
    for i in range(steps):
        two = over((<Entry> entries[i + 1]).payload)
        number = (u16(two, 2) - u16(one, 2)) & 0xFFFF
        if not 1 <= number < MAX_DROPOUT:
            return False
        after = <int32_t> (<uint32_t> u32(two, 4) - first)
        neighbours += number == 1
        near += -MAX_TIMESTAMP_STEP < after - before < MAX_TIMESTAMP_STEP
        moved += after != before
        alike += (u8(one, 1) ^ u8(two, 1)) & 0x7F == 0
        one, before = two, after
    return 2 * neighbours >= steps and 2 * near >= steps and moved and alike
