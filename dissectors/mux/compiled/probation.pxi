# Who waits for evidence, as in `mux.probation`; a candidate on a quiet flow waits without an object.

cdef int64_t MIN_CROWD = probation.MIN_CROWD


cdef struct Held:
    # An entry and those that it waits with, or, without an entry, a candidate.
    PyObject *entry
    PyObject *waiting
    Candidate *candidate


@final
cdef class Probation:
    """Whoever waits stands between `first` and `end`, in the order of arrival."""

    cdef Held *held
    cdef Py_ssize_t first, end, size
    cdef readonly int64_t limit, most_octets
    cdef int64_t octets, crowded
    cdef object judge
    cdef FlowTable flows

    def __init__(self, int64_t limit):
        self.limit, self.crowded = limit, MIN_CROWD
        self.most_octets = min(probation.MAX_WAITING_OCTETS, probation.MAX_WAITING_OCTETS_PER_DATAGRAM * limit)

    def __dealloc__(self):
        while self.first < self.end:
            self.let_go()
        PyMem_Free(self.held)

    def __len__(self):
        return self.end - self.first

    @property
    def overfull(self):
        return self.is_overfull()

    def put(self, entry, waiting):
        """Let an entry wait that is the last one of those."""
        self.let_wait(entry, waiting, len((<Entry> entry).payload))

    def pop(self):
        """Whoever has waited longest and those it waited with; a candidate becomes an entry."""
        if self.first == self.end:
            raise IndexError("nobody waits")
        cdef Held *held = &self.held[self.first]
        if held.candidate is not NULL:
            # It joins others that wait, in its own place.
            self.flows.wake(held.candidate.flow)
        both = <object> held.entry, <object> held.waiting
        self.let_go()
        return both

    cdef inline bint is_overfull(self) noexcept:
        return self.end - self.first > self.limit or self.octets > self.most_octets

    cdef Candidate *candidate(self) noexcept:
        """Who has waited longest, if that is a candidate."""
        return NULL if self.first == self.end else self.held[self.first].candidate

    cdef int hold(self, const Candidate *candidate, Octets payload) except -1:
        """Let a candidate wait, with its payload."""
        cdef Candidate *kept = <Candidate *> PyMem_Malloc(sizeof(Candidate) + payload.size)
        if kept is NULL:
            raise MemoryError()
        kept[0] = candidate[0]
        kept.size = payload.size
        memcpy(<char *> kept + sizeof(Candidate), payload.data, payload.size)
        self.flows.record(kept.flow).candidate = kept
        self.append(Held(NULL, NULL, kept), payload.size)
        return 0

    cdef int let_wait(self, entry, waiting, Py_ssize_t octets) except -1:
        """Let an entry wait, which has so many octets."""
        Py_INCREF(entry)
        Py_INCREF(waiting)
        return self.append(Held(<PyObject *> entry, <PyObject *> waiting, NULL), octets)

    cdef int append(self, Held held, Py_ssize_t octets) except -1:
        cdef Held *larger
        if self.end == self.size:
            self.close_up(False)
        if self.end == self.size:
            larger = <Held *> PyMem_Realloc(self.held, max(SMALLEST, self.size + self.size // 2) * sizeof(Held))
            if larger is NULL:
                raise MemoryError()
            self.held, self.size = larger, max(SMALLEST, self.size + self.size // 2)
        self.held[self.end] = held
        if held.candidate is not NULL:
            held.candidate.place = self.end
        self.end += 1
        self.octets += octets
        if self.end - self.first > self.crowded:
            self.close_up(True)
            self.crowded = max(MIN_CROWD, 2 * (self.end - self.first))
        return 0

    cdef int let_go(self) except -1:
        """Forget who stands first."""
        cdef Held *held = &self.held[self.first]
        self.first += 1
        self.forget(held)
        return 0

    cdef int forget(self, Held *held) except -1:
        if held.candidate is not NULL:
            self.octets -= held.candidate.size
            PyMem_Free(held.candidate)
        else:
            self.octets -= PyBytes_GET_SIZE((<Entry> held.entry).payload)
            Py_DECREF(<object> held.entry)
            Py_DECREF(<object> held.waiting)
        return 0

    cdef int close_up(self, bint settled) except -1:
        """Move all to the beginning, once that is worth it; without those that are `settled`, where that is asked."""
        cdef Py_ssize_t at, to = 0
        cdef Held *held
        if not settled and 2 * self.first < self.size:
            return 0
        waiting = set()
        for at in range(self.first if settled else self.end, self.end):
            if self.held[at].candidate is NULL:
                for entry in waiting_with(<object> self.held[at].waiting):
                    waiting.add(<size_t> <PyObject *> entry)
        for at in range(self.first, self.end):
            held = &self.held[at]
            if held.candidate is not NULL:
                held.candidate.place = to
            elif settled and <size_t> held.entry not in waiting:
                self.forget(held)
                continue
            self.held[to] = held[0]
            to += 1
        self.first, self.end = 0, to
        return 0

    cdef int join(self, Candidate *candidate, FlowState flow) except -1:
        """Make an entry of a candidate, in its place, which waits with others of its kind."""
        cdef Held *held = &self.held[candidate.place]
        cdef bytes payload = PyBytes_FromStringAndSize(<const char *> candidate + sizeof(Candidate), candidate.size)
        entry = entry_of(
            candidate.number, candidate.file, candidate.frame, 0, candidate.time, flow, candidate.length, payload,
            candidate.row, C_UNKNOWN, None, IS_ENCRYPTED[candidate.row], candidate.identification,
        )
        waiting = self.judge.joined(entry)
        Py_INCREF(entry)
        Py_INCREF(waiting)
        held.entry, held.waiting, held.candidate = <PyObject *> entry, <PyObject *> waiting, NULL
        PyMem_Free(candidate)
        return 0


cdef inline list waiting_with(waiting):
    """Those who wait as one."""
    return (<Beginning> waiting).entries if type(waiting) is Beginning else waiting.entries
