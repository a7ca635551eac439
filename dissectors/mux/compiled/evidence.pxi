# Whether datagrams begin a stream: compiled answers for the common case, and `mux.rtp_sequence` is asked in every other.

cdef int64_t MIN_RANDOM_SSRC = evidence.MIN_RANDOM_SSRC
cdef int EXAMINED_DATAGRAMS = rtp_sequence.EXAMINED_DATAGRAMS, MIN_DATAGRAMS = rtp_sequence.MIN_DATAGRAMS
cdef int64_t MAX_TIMESTAMP_STEP = rtp_sequence.MAX_TIMESTAMP_STEP, MAX_TIMESTAMP_STEP_OF_TWO = rtp_sequence.MAX_TIMESTAMP_STEP_OF_TWO


class Judge(Evidence):
    """As `mux.evidence.Evidence`."""

    def joined(self, entry):
        """Those with whom a candidate waits: what `judge` would have said of it when it came is that it waits."""
        protocol, pair = ROWS[entry.row][0], entry.flow.pair
        if protocol == RTP:
            key = entry.flow.number, u32(over(entry.payload), 8)
            waiting = self._candidates.get(key) or Waiting(key)
            self._candidates[key] = waiting
        else:
            if pair.waiting is None:
                pair.waiting = {}
            waiting = pair.waiting.setdefault(protocol, Waiting())
        waiting.entries.append(entry)
        if protocol == RTP:
            waiting.objection = rtp_sequence.objection([(other.payload, other.length) for other in waiting.entries])
        return waiting

    def _run(self, waiting, entry, int64_t ssrc):
        cdef uint64_t seen = entry.flow.pair.seen
        cdef list entries = waiting.entries
        cdef bint path = (seen & BESIDE_QUIC) != 0, extended = has_extension(over(entry.payload))
        if ssrc in self.reported and (ssrc >= MIN_RANDOM_SSRC or (ssrc and seen & SEEN_RTCP)):
            return "its SSRC in RTCP"
        if path and extended:
            return "a header extension of RFC 8285 on a media path"
        entries = entries[max(0, len(entries) - EXAMINED_DATAGRAMS):]
        if len(entries) >= 2 and (path or extended) and two_in_sequence(entries[len(entries) - 2:]):
            return "two in sequence on a media path" if path else "two in sequence with a header extension of RFC 8285"
        if len(entries) >= MIN_DATAGRAMS and in_sequence(entries):
            waiting.objection = ""
        else:
            waiting.objection = rtp_sequence.objection([(other.payload, other.length) for other in entries])
        return "" if waiting.objection else evidence.IN_SEQUENCE[len(entries)]


cdef bint has_extension(Octets payload) except -1:
    """As `payload_hints.has_extension`."""
    cdef Py_ssize_t end = 12 + 4 * (u8(payload, 0) & 0x0F)
    return u8(payload, 0) & 0x10 and end + 2 <= payload.size and u16(payload, end) == 0xBEDE


cdef bint two_in_sequence(list both) except -1:
    """As `rtp_sequence.two_in_sequence`."""
    cdef Octets one = over(both[0].payload), two = over(both[1].payload)
    cdef int64_t step = <int32_t> (<uint32_t> u32(two, 4) - <uint32_t> u32(one, 4))
    if (u16(two, 2) - u16(one, 2)) & 0xFFFF == 1 and step and -MAX_TIMESTAMP_STEP_OF_TWO < step < MAX_TIMESTAMP_STEP_OF_TWO:
        return True
    return rtp_sequence.two_in_sequence([(entry.payload, entry.length) for entry in both])


cdef bint in_sequence(list entries) except -1:
    """Whether entries are a stream beyond doubt: in order, at least half of them the next of the one before."""
    cdef Octets one = over(entries[0].payload), two
    cdef uint32_t first = u32(one, 4)
    cdef int number, neighbours = 0, near = 0, moved = 0, alike = 0
    cdef int64_t before = 0, after
    cdef Py_ssize_t i, steps = len(entries) - 1
    for i in range(steps):
        two = over(entries[i + 1].payload)
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
