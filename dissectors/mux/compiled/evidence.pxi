# What every datagram meets on its way to being one of a stream: `mux.evidence` and `mux.runs` where the answer is plain.
# Whatever is less so is asked of them.

cdef uint64_t MEDIA_PATH = evidence.BESIDE_QUIC
cdef int64_t CHOSEN = evidence.CHOSEN
cdef int LAST = runs.LAST, LEAST = runs.LEAST
cdef int64_t NEAR = runs.NEAR, NEAR_ALONE = runs.NEAR_ALONE


class Judge(Evidence):
    """As `mux.evidence.Evidence`."""

    def _rtp(self, entry):
        cdef bytes payload = entry.payload
        cdef FlowState flow = entry.flow
        cdef Octets octets = over(payload)
        cdef uint64_t seen = flow.pair.seen
        if octets.size < 12 or (seen & SEEN_QUIC and not seen & BESIDE_QUIC):
            return Evidence._rtp(self, entry)
        ssrc = u32(octets, 8)
        key = (flow.number, ssrc)
        if key in self.streams or ssrc in self._latest:
            return Evidence._rtp(self, entry)
        candidates = self._candidates
        waiting = candidates.get(key)
        if waiting is None:
            waiting = Waiting()
            put(candidates, key, waiting)
        settled = self._wait(entry, waiting)
        if waiting.entries and (why := self._run(waiting, entry, ssrc)):
            settled += self._confirm(key, flow.pair, why)
        return settled

    def _wait(self, entry, waiting, most=64):
        cdef list entries = waiting.entries
        probation = self._probation
        cdef int64_t others = len(probation), octets = self._octets + len(entry.payload)
        if len(entries) >= most or others >= min(self._crowded, self.limit) or octets > self.most_octets:
            return Evidence._wait(self, entry, waiting, most)
        entries.append(entry)
        probation.append((entry, waiting))
        self._octets = octets
        return []

    def _run(self, waiting, entry, int64_t ssrc):
        cdef uint64_t seen = entry.flow.pair.seen
        cdef list entries = waiting.entries
        cdef bint path = (seen & MEDIA_PATH) != 0, extended = has_extension(over(entry.payload))
        if ssrc in self.reported and (ssrc >= CHOSEN or (ssrc and seen & SEEN_RTCP)):
            return "its SSRC in RTCP"
        if path and extended:
            return "a header extension of RFC 8285 on a media path"
        entries = entries[max(0, len(entries) - LAST):]
        if len(entries) >= 2 and (path or extended) and two_in_sequence(entries[len(entries) - 2:]):
            return "two in sequence on a media path" if path else "two in sequence with a header extension of RFC 8285"
        if len(entries) >= LEAST and in_sequence(entries):
            waiting.objection = ""
        else:
            waiting.objection = runs.objection([(other.payload, other.length) for other in entries])
        return "" if waiting.objection else f"{len(entries)} datagrams of its SSRC in sequence"

    def _confirm(self, key, PairState pair, why):
        cdef Counters counters = Counters(key[1], key[0])
        cdef list settled = []
        counters.evidence = why
        waiting = self._candidates.pop(key)
        for entry in waiting.entries:
            counters.count(over(entry.payload), entry.length, entry.time, entry.file, entry.frame)
            settled.append(new_tuple(Entry, entry[:9] + (RTP, "confirmed", why, entry.encrypted)))
        waiting.entries = []
        put(self.streams, key, counters)
        put(self._latest, key[1], counters)
        if not pair.seen & SEEN_RTP:
            settled += self._seen(pair, RTP)
        if waiting := self.waits_for_source.pop(key[1], None):
            settled += self._settle(waiting, RTCP, "its SSRC sends RTP")
        return settled


set_item = OrderedDict.__setitem__


cdef int put(bounded, key, value) except -1:
    """As `Bounded.__setitem__`."""
    if len(bounded) < <Py_ssize_t> bounded.limit:
        set_item(bounded, key, value)
    else:
        bounded[key] = value
    return 0


cdef bint has_extension(Octets payload) except -1:
    """As `signs.has_extension`."""
    cdef Py_ssize_t end = 12 + 4 * (u8(payload, 0) & 0x0F)
    return u8(payload, 0) & 0x10 and end + 2 <= payload.size and u16(payload, end) == 0xBEDE


cdef bint two_in_sequence(list both) except -1:
    """As `runs.two_in_sequence`."""
    cdef Octets one = over(both[0].payload), two = over(both[1].payload)
    cdef int64_t step = <int32_t> (<uint32_t> u32(two, 4) - <uint32_t> u32(one, 4))
    if (u16(two, 2) - u16(one, 2)) & 0xFFFF == 1 and step and -NEAR_ALONE < step < NEAR_ALONE:
        return True
    return runs.two_in_sequence([(entry.payload, entry.length) for entry in both])


cdef bint in_sequence(list entries) except -1:
    """Whether entries are a stream beyond doubt: each but a few the next of the one before, none twice or too late."""
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
        near += -NEAR < after - before < NEAR
        moved += after != before
        alike += (u8(one, 1) ^ u8(two, 1)) & 0x7F == 0
        one, before = two, after
    return 2 * neighbours >= steps and 2 * near >= steps and moved and alike
