# How a stream begins: as `mux.evidence` lets its first datagrams wait, and confirms them.

cdef Py_ssize_t MAX_WAITING_TOGETHER = evidence.MAX_WAITING_TOGETHER
cdef str TOO_FEW = rtp_sequence.objection([(bytes(12), 12)])

@final
cdef class Beginning:
    """As `mux.flows.Waiting`, for those of a candidate."""

    cdef public list entries
    cdef public str objection
    cdef public tuple candidate

    def __init__(self, tuple candidate not None):
        self.entries, self.objection, self.candidate = [], "", candidate


@final
cdef class Beginnings:
    """The candidates of `judge`, and what it knows of sources."""

    cdef object judge, streams, latest, reported, waits_for_source
    cdef dict candidates
    cdef Probation probation

    def __init__(self, judge):
        self.judge, self.candidates, self.probation = judge, judge._candidates, judge.probation
        self.streams, self.latest, self.reported = judge.streams, judge._latest, judge.reported
        self.waits_for_source = judge.waits_for_source

    cdef Beginning candidate(self, tuple key):
        """Those who wait as one candidate, nobody so far where it is new."""
        cdef Beginning waiting = <Beginning> self.candidates.get(key)
        if waiting is None:
            waiting = self.candidates[key] = Beginning(key)
        return waiting

    cdef list rtp(self, Entry entry, FlowState flow, bytes payload):
        """As `Evidence._rtp`, of a flow that QUIC has not for itself; there are twelve octets."""
        cdef int64_t ssrc = u32(over(payload), 8)
        cdef tuple key = (flow.number, ssrc)
        cdef Counters counters = <Counters> self.streams.get(key)
        if counters is None and key[1] in self.latest:
            counters = <Counters> self.judge._moved(key, entry)
        if counters is None:
            return self.begin(key, entry, flow, payload, self.candidate(key))
        counters.count(over(payload), entry.length, entry.time, entry.file, entry.frame, entry.identification)
        counters.used = flow.used
        return [confirmed(entry, counters.evidence)]

    cdef list begin(self, tuple key, Entry entry, FlowState flow, bytes payload, Beginning waiting):
        """As `Evidence._begins`."""
        cdef list settled = self.wait(entry, payload, waiting)
        cdef str found
        if waiting.entries:
            found = self.run(waiting, flow, payload, key[1])
            if found:
                settled += self.confirm(key, flow, found, waiting)
        return settled

    cdef list wait(self, Entry entry, bytes payload, Beginning waiting):
        """As `Evidence._wait`."""
        cdef list settled = []
        waiting.entries.append(entry)
        self.probation.let_wait(entry, waiting, len(payload))
        if len(waiting.entries) > MAX_WAITING_TOGETHER:
            settled.append(evidence._plausible(waiting.entries.pop(0), waiting.objection))
        while self.probation.is_overfull():
            given = self.judge.given_up()
            self.judge.bounds.hit("waiting", len(given))
            settled += given
        return settled

    cdef str run(self, Beginning waiting, FlowState flow, bytes payload, source):
        """As `Evidence._run`."""
        cdef list entries = waiting.entries
        cdef uint64_t seen = flow.pair.seen
        cdef bint path = (seen & BESIDE_QUIC) != 0, extended = has_extension(over(payload))
        cdef int64_t ssrc = source
        if source in self.reported and (ssrc >= MIN_RANDOM_SSRC or (ssrc and seen & SEEN_RTCP)):
            return "its SSRC in RTCP"
        if path and extended:
            return "a header extension of RFC 8285 on a media path"
        if len(entries) > EXAMINED_DATAGRAMS:
            entries = entries[len(entries) - EXAMINED_DATAGRAMS:]
        if len(entries) >= 2 and (path or extended) and two_in_sequence(entries[len(entries) - 2:]):
            return "two in sequence on a media path" if path else "two in sequence with a header extension of RFC 8285"
        waiting.objection = objection(entries)
        return "" if waiting.objection else evidence.IN_SEQUENCE[len(entries)]

    cdef list confirm(self, tuple key, FlowState flow, str found, Beginning waiting):
        """As `Evidence._confirm`."""
        cdef Counters counters = Counters(key[1], key[0])
        cdef Entry entry
        cdef list settled = waiting.entries
        counters.evidence, counters.used = found, flow.used
        del self.candidates[key]
        waiting.entries = []
        self.streams[key] = counters
        self.latest[key[1]] = counters
        for entry in settled:
            confirmed(entry, found)
            counters.count(over(entry.payload), entry.length, entry.time, entry.file, entry.frame, entry.identification)
        if flow.pair.waiting or flow.pair.outer is not None:
            settled += self.judge._seen(flow.pair, RTP)
        flow.pair.seen |= SEEN_RTP
        if self.waits_for_source:
            others = self.waits_for_source.pop(key[1], None)
            if others is not None:
                settled += self.judge._settle(others, evidence.RTCP, "its SSRC sends RTP")
        return settled


cdef inline Entry confirmed(Entry entry, str found):
    """An entry that is RTP, as something shows, in place: who lets it wait asks for its payload alone."""
    entry.protocol, entry.strength, entry.evidence = RTP, "confirmed", found
    return entry


cdef str objection(list entries):
    """As `rtp_sequence.objection`."""
    if len(entries) < MIN_DATAGRAMS:
        return TOO_FEW
    if in_sequence(entries):
        return ""
    return rtp_sequence.objection([(other.payload, other.length) for other in entries])
