# The table of flows that are open: as `mux.flows.FlowTable`, but a flow is an object only where somebody needs one.
#
# A flow on whose 5-tuple nothing was recognised is *quiet*: a record of numbers, which may hold one candidate that
# waits for evidence. It and its way back become objects together, with the first datagram that may be more than that.
# Records stand in the order in which their flows came; one that is gone stays until a quarter of them is.

cdef enum:
    SMALLEST = 1024
    RECORDS_OF_A_BLOCK = 1024
    FREED = 2
    LONGEST_IPV4 = 15
    STREAM_LINES = 12

cdef int IDLE_SHARE = limited.IDLE_SHARE
cdef int64_t RANK = flows_of_python.RANK
cdef uint64_t MEDIA_OF_CALLS = flows_of_python.MEDIA, PART_OF_CALLS = flows_of_python.CALLS


cdef struct Candidate:
    # A datagram that waits for evidence on a quiet flow, whose record is at `flow`; its payload stands behind it.
    int64_t number
    int64_t frame
    int64_t time
    Py_ssize_t flow
    Py_ssize_t place
    Py_ssize_t size
    int64_t length
    int32_t file
    int32_t identification
    int32_t row


cdef struct Quiet:
    Wire wire
    Candidate *candidate
    int64_t number
    int64_t used
    int64_t first
    int64_t last
    int64_t datagrams
    int64_t octets
    int64_t first_number
    int32_t first_file
    uint32_t encrypted


cdef struct Slot:
    # `what` is a FlowState, the place of a record (twice that and one), FREED, or 0 where nothing ever was.
    uint64_t hash
    size_t what


cdef struct Idle:
    int64_t used
    int64_t number


@final
cdef class FlowTable:
    cdef object bounds
    cdef Py_ssize_t limit
    cdef readonly int64_t made
    cdef dict states, named
    cdef Quiet **block
    cdef int blocks
    cdef Py_ssize_t records, gone
    cdef Slot *slots
    cdef uint64_t mask, secret, other
    cdef Py_ssize_t filled, idle_left
    cdef Idle *idle
    cdef Probation probation
    cdef Ends ends, crowds
    cdef dict groups
    cdef bint gave_way

    def __init__(self, limit, bounds, Probation probation not None):
        self.limit, self.bounds, self.probation = limit, bounds, probation
        self.secret = <uint64_t> hash("where a flow begins to look for its place")
        self.other = <uint64_t> hash("and what its ports are mixed with")
        self.states, self.named = {}, {}
        self.build(SMALLEST)

    def __dealloc__(self):
        cdef int number
        for number in range(self.blocks):
            PyMem_Free(self.block[number])
        PyMem_Free(self.block)
        PyMem_Free(self.slots)
        PyMem_Free(self.idle)

    def __len__(self):
        return self.count()

    def __iter__(self):
        """Every flow as it stands, those that are quiet as copies."""
        cdef Py_ssize_t at
        cdef Quiet *quiet
        found = [*self.states.values()]
        for at in range(self.records):
            quiet = self.record(at)
            if quiet.used >= 0:
                found.append(flow_of(quiet, PairState(None)))
        return iter(sorted(found, key=number_of_flow))

    def find(self, key, PairState outer=None):
        """The flow with this key, made if it is new; a new flow shares the pair of its reverse."""
        cdef Wire wire
        cdef FlowState state, back
        if is_named(key):
            state = <FlowState> self.named.get(key)
            if state is not None:
                return state
            back = <FlowState> self.named.get(key.reverse)
            self.make_room()
            state = FlowState(self.made, key, PairState(outer) if back is None else back.pair)
            self.named[key] = state
            self.enter(state)
            return state
        wire = on_the_wire(key.src, key.sport, key.dst, key.dport)
        return self.flow(&wire)

    def forget(self, states):
        """Let go of flows; when they are met again they are new ones."""
        for state in states:
            self.close(state.number)

    def get(self, flow):
        """The open flow with these addresses and ports."""
        cdef Wire wire
        cdef Slot *slot
        src, sport, dst, dport, inside, transport = flow
        cdef int64_t one = ipv4_of(src), other = ipv4_of(dst)
        if one >= 0 and other >= 0 and inside == NOT_INSIDE and transport == OVER_UDP:
            wire = Wire(0, one, 0, other, <uint64_t> 4 << 32 | <uint64_t> sport << 16 | <uint64_t> dport)
        else:
            key = flows_of_python.key_of(flow)
            if key is None:
                return None
            if is_named(key):
                return self.named.get(key)
            wire = on_the_wire(key.src, key.sport, key.dst, key.dport)
        slot = self.place(&wire, self.hash(&wire))
        return self.awake(slot) if slot.what else None

    def at(self, endpoint):
        """The open flows that begin or end at an address and port."""
        return [self.state(number) for number in self.numbers_at(endpoint)]

    def count_at(self, endpoint):
        """How many these are."""
        cdef bytes address = packed(endpoint[0])
        cdef Wire wire
        if address is None or len(address) not in (4, 16) or not 0 <= endpoint[1] <= 0xFFFF:
            return len(self.numbers_at(endpoint))
        wire = on_the_wire(address, endpoint[1], address, endpoint[1])
        self.look_at_crowds()
        return self.crowd(&wire)

    def lone_ends(self, FlowState here not None, FlowState there not None, int64_t datagrams):
        """The ends of two flows, there and back, that are all there is at the first one; see `mux.flows`."""
        cdef Wire *wire = &here.wire
        cdef Wire back = turned(wire)
        if not (here.is_open and there.is_open) or here.datagrams + there.datagrams != datagrams or self.gave_way:
            return None
        if here.given is not None or there.given is not None or not same_wire(&back, &there.wire):
            return None
        self.look_at_crowds()
        if self.crowd(wire) == 2:
            return end_of(wire), end_of(&back)
        return (end_of(&back), end_of(wire)) if self.crowd(&back) == 2 else None

    def lone_pair(self, flow):
        """The open flow with these addresses and ports and its way back, if they are all there is at both ends."""
        cdef FlowState here = self.get(flow), there
        cdef Wire back
        cdef Slot *slot
        if here is None or here.given is not None:
            return None
        back = turned(&here.wire)
        slot = self.place(&back, self.hash(&back))
        if not slot.what:
            return None
        there = self.awake(slot)
        return (here, there) if there is not here and self.are_alone(here, there) else None

    def are_alone(self, FlowState here not None, FlowState there not None):
        """Whether two open flows of UDP, there and back, are all there is at both ends."""
        cdef Wire back = turned(&here.wire)
        if not (here.is_open and there.is_open) or here.given is not None or there.given is not None:
            return False
        self.look_at_crowds()
        return same_wire(&back, &there.wire) and self.crowd(&here.wire) == 2 and self.crowd(&back) == 2

    def numbered(self, numbers):
        """The open flows with these numbers, in this order."""
        return (state for state in [self.state(number) for number in numbers] if state is not None)

    def forget_groups(self):
        """Give back what it takes to know the flows by their ends."""
        self.groups = self.ends = self.crowds = None

    def recognised(self):
        """Those that are not quiet, in order."""
        return sorted(self.states.values(), key=number_of_flow)

    def with_ports(self, ports):
        """The open flows with one of these ports at either end."""
        cdef Py_ssize_t at
        cdef Quiet *quiet
        cdef unsigned char[0x10000] wanted
        memset(wanted, 0, sizeof(wanted))
        for port in ports:
            wanted[<uint16_t> port] = 1
        for at in range(self.records if ports else 0):
            quiet = self.record(at)
            if quiet.used >= 0 and (wanted[quiet.wire.ports >> 16 & 0xFFFF] or wanted[quiet.wire.ports & 0xFFFF]):
                self.wake(at)
        return [
            state for state in self.recognised()
            if (wanted[sport_of(state)] or wanted[dport_of(state)])
        ]

    def with_ends(self, ends):
        """The open flows that begin or end at one of these addresses and ports."""
        places = set(ends)
        both = {(packed(host), port) for host, port in places}
        self.wake_at(places)
        return [
            state for state in self.recognised()
            if not both.isdisjoint(ends_of((<FlowState> state).key))
        ]

    def wake_at(self, ends):
        """Let no flow be quiet that begins or ends at one of these addresses and ports."""
        cdef Py_ssize_t at
        cdef Wire wire
        cdef bytes address
        cdef Ends wanted
        if self.records == self.gone or not ends:
            return
        wanted = Ends()
        for host, port in ends:
            address = packed(host)
            if address is not None:
                wire = on_the_wire(address, port, address, port)
                wanted.want(wire.src_high, wire.src_low, source_of(&wire))
        for at in range(self.records):
            if self.record(at).used >= 0 and wanted.has_one_of(&self.record(at).wire):
                self.wake(at)

    def latest(self, recent, Py_ssize_t most):
        """Copies of the quiet flows that were heard last, at a recent time; so many of them."""
        cdef Py_ssize_t at
        cdef Quiet *quiet
        cdef int64_t begin = recent.start, end = recent.stop
        found = []
        for at in range(self.records):
            quiet = self.record(at)
            if quiet.used >= 0 and begin <= quiet.last < end:
                found.append((quiet.last, at))
        return [flow_of(self.record(at), PairState(None)) for _, at in nlargest(most, found)]

    def quiet(self, last=False):
        """The quiet flows as they stand, None where there are none; for the `last` time nothing is copied."""
        return None if self.records == self.gone else QuietFlows(self, not last)

    # Records and places.

    cdef inline Py_ssize_t count(self) except -1:
        return len(self.states) + self.records - self.gone

    cdef inline Quiet *record(self, Py_ssize_t at) noexcept:
        return &self.block[at // RECORDS_OF_A_BLOCK][at % RECORDS_OF_A_BLOCK]

    cdef inline Slot *slot(self, uint64_t hash) noexcept:
        """Where a 5-tuple with that hash stands, unless others are in its way."""
        return &self.slots[hash >> 1 & self.mask]

    cdef inline void expect(self, uint64_t hash) noexcept:
        """Say that the flow at a place is likely to be asked for."""
        cdef size_t what = self.slot(hash).what
        cdef const char *kept
        if what & 1:
            kept = <const char *> self.record(what >> 1)
            soon(kept)
            soon(kept + 64)
        elif what > FREED:
            kept = <const char *> what
            soon(kept)
            soon(kept + 64)
            soon(kept + 128)

    cdef inline void expect_stream(self, uint64_t hash) noexcept:
        """Say the same of the stream that was on it last."""
        cdef size_t what = self.slot(hash).what
        cdef const char *kept
        cdef int line
        if not what & 1 and what > FREED:
            soon(<const char *> <void *> (<FlowState> <PyObject *> what).pair)
            kept = <const char *> <void *> (<FlowState> <PyObject *> what).latest
            for line in range(STREAM_LINES):
                soon(kept + 64 * line)

    cdef inline Slot *place(self, const Wire *wire, uint64_t hash) noexcept:
        """Where a 5-tuple stands, or where it may be put: `what` is 0 then."""
        cdef uint64_t at = hash >> 1 & self.mask
        cdef Slot *slot = &self.slots[at]
        while slot.what:
            if slot.hash == hash and self.is_at(slot, wire):
                return slot
            at = (at + 1) & self.mask
            slot = &self.slots[at]
        return slot

    cdef inline bint is_at(self, const Slot *slot, const Wire *wire) noexcept:
        if slot.what & 1:
            return same_wire(&self.record(slot.what >> 1).wire, wire)
        return slot.what != FREED and same_wire(&(<FlowState> <PyObject *> slot.what).wire, wire)

    cdef Slot *put(self, const Wire *wire, size_t what) except NULL:
        """Put what is new into its place."""
        cdef uint64_t size, hash = self.hash(wire)
        cdef Slot *slot
        if 2 * (<uint64_t> self.filled + 1) > self.mask:
            size = SMALLEST
            while size < 3 * <uint64_t> self.count():
                size *= 2
            self.build(size)
        slot = self.place(wire, hash)
        slot.hash, slot.what = hash, what
        self.filled += 1
        return slot

    cdef int build(self, uint64_t size) except -1:
        """So many places, with everything in them that is there."""
        cdef Slot *before = self.slots
        cdef Slot *slot
        cdef uint64_t at, places = self.mask + 1 if before is not NULL else 0, there
        cdef Slot *larger = <Slot *> PyMem_Calloc(size, sizeof(Slot))
        if larger is NULL:
            raise MemoryError()
        self.slots, self.mask, self.filled = larger, size - 1, 0
        for at in range(places):
            slot = &before[at]
            if slot.what and slot.what != FREED:
                there = slot.hash >> 1 & self.mask
                while larger[there].what:
                    there = (there + 1) & self.mask
                larger[there] = slot[0]
                self.filled += 1
        PyMem_Free(before)
        return 0

    cdef inline uint64_t hash(self, const Wire *wire) noexcept:
        """Where a flow begins to look for its place: beside its way back."""
        return mixed(wire, self.secret, self.other)

    # Flows that come.

    cdef FlowState flow(self, const Wire *wire):
        """The flow of a 5-tuple as an object."""
        cdef Slot *slot = self.place(wire, self.hash(wire))
        if slot.what:
            return self.awake(slot)
        cdef Wire way_back = turned(wire)
        cdef FlowState back = None
        slot = self.place(&way_back, self.hash(&way_back))
        if slot.what:
            back = self.awake(slot)
        # What gives way may be the way back: its pair is shared all the same.
        self.make_room()
        cdef FlowState state = <FlowState> FlowState.__new__(FlowState)
        state.number, state.is_open, state.wire = self.made, True, wire[0]
        state.pair = PairState(None) if back is None else back.pair
        self.put(wire, <size_t> <PyObject *> state)
        self.enter(state)
        return state

    cdef int enter(self, FlowState state) except -1:
        """Keep a flow that is new."""
        self.states[self.made] = state
        self.made += 1
        self.group(state)
        return 0

    cdef Py_ssize_t quiet_one(self, const Wire *wire) except -2:
        """Where the record of a new quiet flow is; -1 where its way back is more than quiet, or may give way to it."""
        cdef Wire way_back = turned(wire)
        cdef Slot *slot = self.place(&way_back, self.hash(&way_back))
        if slot.what and (not slot.what & 1 or self.count() >= self.limit):
            return -1
        self.make_room()
        cdef Py_ssize_t at = self.records
        if at // RECORDS_OF_A_BLOCK == self.blocks:
            self.block = <Quiet **> room(self.block, NULL, 0, self.blocks, sizeof(Quiet *))
            self.block[self.blocks] = <Quiet *> PyMem_Calloc(RECORDS_OF_A_BLOCK, sizeof(Quiet))
            if self.block[self.blocks] is NULL:
                raise MemoryError()
            self.blocks += 1
        cdef Quiet *quiet = self.record(at)
        memset(quiet, 0, sizeof(Quiet))
        quiet.wire, quiet.number = wire[0], self.made
        self.put(wire, <size_t> at << 1 | 1)
        self.records += 1
        self.made += 1
        if self.ends is not None:
            self.ends.add(&quiet.wire, at)
        return at

    # Quiet flows that become objects.

    cdef FlowState awake(self, Slot *slot):
        """The flow at a place that is taken, as an object."""
        if slot.what & 1:
            return self.wake(slot.what >> 1)
        return <FlowState> <PyObject *> slot.what

    cdef FlowState wake(self, Py_ssize_t at):
        """Make an object of a quiet flow, and of its way back."""
        cdef Quiet *quiet = self.record(at)
        cdef Wire way_back = turned(&quiet.wire)
        cdef PairState pair = PairState(None)
        cdef Slot *slot = self.place(&way_back, self.hash(&way_back))
        cdef Candidate *one = quiet.candidate
        cdef Candidate *two = NULL
        cdef FlowState state, back = None
        if slot.what & 1 and <Py_ssize_t> (slot.what >> 1) != at:
            two = self.record(slot.what >> 1).candidate
            back = self.risen(slot.what >> 1, pair)
        state = self.risen(at, pair)
        if two is not NULL and (one is NULL or two.place < one.place):
            self.probation.join(two, back)
            two = NULL
        if one is not NULL:
            self.probation.join(one, state)
        if two is not NULL:
            self.probation.join(two, back)
        return state

    cdef FlowState risen(self, Py_ssize_t at, PairState pair):
        """An object in place of a record."""
        cdef Quiet *quiet = self.record(at)
        cdef FlowState state = flow_of(quiet, pair)
        self.place(&quiet.wire, self.hash(&quiet.wire)).what = <size_t> <PyObject *> state
        self.states[state.number] = state
        self.group(state)
        self.leave(at)
        return state

    cdef int leave(self, Py_ssize_t at) except -1:
        """A record is needed no longer."""
        cdef Quiet *quiet = self.record(at)
        if self.ends is not None:
            self.ends.take(&quiet.wire)
        quiet.candidate, quiet.used = NULL, -1
        self.gone += 1
        return 0

    cdef int tidy(self) except -1:
        """Move records together once many of them are gone; to be called where nobody has the place of one."""
        cdef Py_ssize_t at, to = 0
        cdef Quiet *quiet
        if self.gone < RECORDS_OF_A_BLOCK or 4 * self.gone < self.records:
            return 0
        for at in range(self.records):
            quiet = self.record(at)
            if quiet.used < 0:
                continue
            if to != at:
                self.place(&quiet.wire, self.hash(&quiet.wire)).what = <size_t> to << 1 | 1
                self.record(to)[0] = quiet[0]
                if quiet.candidate is not NULL:
                    quiet.candidate.flow = to
            to += 1
        self.records, self.gone, self.ends = to, 0, None
        while (self.blocks - 1) * RECORDS_OF_A_BLOCK >= to:
            self.blocks -= 1
            PyMem_Free(self.block[self.blocks])
        return 0

    cdef Py_ssize_t at_number(self, int64_t number) noexcept:
        """Where the record of this number, or the next one, is."""
        cdef Py_ssize_t low = 0, high = self.records, middle
        while low < high:
            middle = (low + high) // 2
            if self.record(middle).number < number:
                low = middle + 1
            else:
                high = middle
        return low

    cdef Py_ssize_t quiet_of(self, int64_t number) noexcept:
        """Where the quiet flow of this number is, -1 where there is none."""
        cdef Py_ssize_t at = self.at_number(number)
        if at == self.records or self.record(at).number != number or self.record(at).used < 0:
            return -1
        return at

    cdef FlowState state(self, number):
        """The open flow with this number as an object, None where there is none."""
        cdef FlowState state = <FlowState> self.states.get(number)
        cdef Py_ssize_t at = -1 if state is not None else self.quiet_of(number)
        return state if at < 0 else self.wake(at)

    # Flows that go.

    cdef int close(self, number) except -1:
        """Let go of the flow with this number, if it is open."""
        cdef Py_ssize_t at = self.quiet_of(number)
        cdef FlowState state
        if at >= 0 and self.record(at).candidate is NULL:
            self.place(&self.record(at).wire, self.hash(&self.record(at).wire)).what = FREED
            self.leave(at)
            return 0
        state = self.state(number)
        if state is None:
            return 0
        if state.given is not None:
            del self.named[state.given]
        else:
            self.place(&state.wire, self.hash(&state.wire)).what = FREED
        del self.states[number]
        state.open = False
        for end in ends_of(state.key) if self.groups is not None else ():
            self.groups[end].pop(number, None)
            if not self.groups[end]:
                del self.groups[end]
        if self.crowds is not None:
            self.crowds.count_flow(state, -1)
        return 0

    cdef int make_room(self) except -1:
        """Let the flow that was idle longest give way, where the table is full."""
        self.tidy()
        while self.count() >= self.limit and self.count():
            self.close(self.longest_idle())
            self.bounds.hit("flows")
            self.gave_way = True
        return 0

    cdef int64_t longest_idle(self) except -1:
        """The number of the flow that gives way; a part of them is sorted out at once, as `limits.table` does it."""
        cdef Idle one
        while True:
            while self.idle_left:
                self.idle_left -= 1
                one = self.idle[self.idle_left]
                if self.used(one.number) == one.used:
                    return one.number
            self.sort_out()

    cdef int64_t used(self, int64_t number) except -2:
        """When a flow was used, for who must give way; -1 where it is gone."""
        cdef Py_ssize_t at = self.quiet_of(number)
        cdef FlowState state
        if at >= 0:
            return self.record(at).used
        state = <FlowState> self.states.get(number)
        return -1 if state is None else rank_of(state)

    cdef int sort_out(self) except -1:
        """The flows that were idle longest, the longest last."""
        cdef Py_ssize_t at, count = 0, total = self.count()
        cdef FlowState state
        cdef Idle *every = <Idle *> PyMem_Realloc(self.idle, max(1, total) * sizeof(Idle))
        if every is NULL:
            raise MemoryError()
        self.idle = every
        for at in range(self.records):
            if self.record(at).used >= 0:
                every[count] = Idle(self.record(at).used, self.record(at).number)
                count += 1
        for each in self.states.values():
            state = each
            every[count] = Idle(rank_of(state), state.number)
            count += 1
        qsort(every, count, sizeof(Idle), earlier)
        count = count // IDLE_SHARE + 1
        for at in range(count // 2):
            every[at], every[count - 1 - at] = every[count - 1 - at], every[at]
        self.idle = <Idle *> PyMem_Realloc(every, count * sizeof(Idle))
        self.idle_left = count
        return 0

    # Flows by their ends.

    cdef int look_at_ends(self) except -1:
        """Know the flows by their ends from now on."""
        cdef Py_ssize_t at
        if self.groups is None:
            self.groups = {}
            for state in self.recognised():
                self.enter_group(state)
        return self.look_at_quiet()

    cdef int look_at_quiet(self) except -1:
        """Know the quiet flows by their ends from now on."""
        cdef Py_ssize_t at
        if self.ends is None:
            self.ends = Ends()
            for at in range(self.records):
                if self.record(at).used >= 0:
                    self.ends.add(&self.record(at).wire, at)
        return 0

    cdef int look_at_crowds(self) except -1:
        """Know from now on how many flows there are at each end."""
        if self.crowds is None:
            self.crowds = Ends()
            for state in self.states.values():
                self.crowds.count_flow(state, 1)
        return self.look_at_quiet()

    cdef int64_t crowd(self, const Wire *wire) noexcept:
        """How many flows there are at the source of a 5-tuple."""
        return (
            self.crowds.find(wire.src_high, wire.src_low, source_of(wire)).count
            + self.ends.find(wire.src_high, wire.src_low, source_of(wire)).count
        )

    cdef int group(self, FlowState state) except -1:
        """Note where a flow is that is new as an object."""
        if self.groups is not None:
            self.enter_group(state)
        if self.crowds is not None:
            self.crowds.count_flow(state, 1)
            if self.crowds.taken > SMALLEST + 4 * len(self.states):
                # Most of it are ends where nothing is any more.
                self.crowds = None
        return 0

    cdef int enter_group(self, FlowState state) except -1:
        for end in ends_of(state.key):
            self.groups.setdefault(end, {})[state.number] = None
        return 0

    cdef list numbers_at(self, endpoint):
        """The numbers of the open flows at an address and port, in order."""
        cdef Py_ssize_t at
        self.look_at_ends()
        cdef bytes address = packed(endpoint[0])
        numbers = dict.fromkeys(self.groups.get((address, endpoint[1]), ()))
        if address is not None:
            for at in self.ends.places(address, endpoint[1]):
                if self.record(at).used >= 0:
                    numbers[self.record(at).number] = None
        return sorted(numbers)


packed = flows_of_python.packed
number_of_flow = attrgetter("number")


cdef int earlier(const void *one, const void *other) noexcept nogil:
    cdef int64_t left = (<const Idle *> one).used, right = (<const Idle *> other).used
    return (left > right) - (left < right)


cdef inline int64_t rank_of(FlowState state) noexcept:
    """When a flow was used: media gives way last, and what has no part in a call first."""
    cdef uint64_t seen = state.pair.seen
    return (2 if seen & MEDIA_OF_CALLS else 1 if seen & PART_OF_CALLS else 0) * RANK + state.used


cdef inline bint is_named(key) except -1:
    """Whether a key is more than addresses and ports of UDP."""
    return key.inside != "" or key.transport != "udp" or len(key.src) != len(key.dst) or len(key.src) not in (4, 16)


cdef int64_t ipv4_of(str text) except -2:
    """The number of an IPv4 address that is written as usual, -1 for any other text."""
    cdef Py_ssize_t size = len(text), at
    cdef const char *octets
    cdef int64_t address = 0
    cdef int octet = 0, digits = 0, dots = 0
    if size > LONGEST_IPV4 or not text.isascii():
        return -1
    octets = PyUnicode_AsUTF8AndSize(text, &size)
    for at in range(size):
        if octets[at] == c".":
            if not digits:
                return -1
            address = address << 8 | octet
            octet, digits, dots = 0, 0, dots + 1
        elif c"0" <= octets[at] <= c"9" and (octet or not digits):
            octet, digits = 10 * octet + octets[at] - c"0", digits + 1
            if octet > 255:
                return -1
        else:
            return -1
    return address << 8 | octet if digits and dots == 3 else -1


cdef tuple end_of(const Wire *wire):
    """The source of a 5-tuple, as it stands on the wire."""
    cdef bytes address = address_of(wire.src_high, wire.src_low, wire.ports >> 32 == 4)
    return address, known_port(wire.ports >> 16 & 0xFFFF)


cdef tuple ends_of(key):
    return ((key.src, key.sport),) if key.src == key.dst and key.sport == key.dport else (
        (key.src, key.sport), (key.dst, key.dport)
    )


cdef inline Wire turned(const Wire *wire) noexcept:
    """The way back."""
    cdef Wire back
    back.src_high, back.src_low, back.dst_high, back.dst_low = wire.dst_high, wire.dst_low, wire.src_high, wire.src_low
    back.ports = wire.ports >> 32 << 32 | (wire.ports & 0xFFFF) << 16 | (wire.ports >> 16 & 0xFFFF)
    return back


cdef inline int sport_of(FlowState state) except -1:
    return <int> (state.wire.ports >> 16 & 0xFFFF) if state.given is None else <uint16_t> state.given.sport


cdef inline int dport_of(FlowState state) except -1:
    return <int> (state.wire.ports & 0xFFFF) if state.given is None else <uint16_t> state.given.dport


cdef extern from "Python.h":
    object PyType_GenericAlloc(PyTypeObject *kind, Py_ssize_t count)


cdef named_tuple(kind, tuple values):
    """A named tuple that has nothing but its values: `tuple.__new__` takes four times as long."""
    cdef Py_ssize_t place, count = PyTuple_GET_SIZE(values)
    made = PyType_GenericAlloc(<PyTypeObject *> kind, count)
    for place in range(count):
        value = <object> PyTuple_GET_ITEM(values, place)
        Py_INCREF(value)
        PyTuple_SET_ITEM(made, place, value)
    return made


cdef key_on_the_wire(const Wire *wire):
    """The key of a 5-tuple."""
    cdef bint short = wire.ports >> 32 == 4
    src, dst = address_of(wire.src_high, wire.src_low, short), address_of(wire.dst_high, wire.dst_low, short)
    return named_tuple(FlowKey, (src, wire.ports >> 16 & 0xFFFF, dst, wire.ports & 0xFFFF, NOT_INSIDE, OVER_UDP))


cdef written_on_the_wire(const Wire *wire):
    """The flow of a 5-tuple, as people write it."""
    cdef bint short = wire.ports >> 32 == 4
    src = flows_of_python.written(address_of(wire.src_high, wire.src_low, short))
    dst = flows_of_python.written(address_of(wire.dst_high, wire.dst_low, short))
    return named_tuple(Flow, (
        src, known_port(wire.ports >> 16 & 0xFFFF), dst, known_port(wire.ports & 0xFFFF), NOT_INSIDE, OVER_UDP
    ))


cdef PyObject *PORTS[0x10000]


cdef inline known_port(uint64_t number):
    """A port as an object, the same one for all flows that have it: they are kept as long as their calls."""
    cdef PyObject *known = PORTS[number & 0xFFFF]
    if known is NULL:
        made = int(number & 0xFFFF)
        Py_INCREF(made)
        known = PORTS[number & 0xFFFF] = <PyObject *> made
    return <object> known


cdef FlowState flow_of(const Quiet *quiet, PairState pair):
    """A quiet flow as an object; a candidate of its waits still."""
    cdef FlowState state = <FlowState> FlowState.__new__(FlowState)
    state.number, state.pair, state.is_open = quiet.number, pair, True
    state.wire, state.used, state.first, state.last = quiet.wire, quiet.used, quiet.first, quiet.last
    state.datagrams, state.octets, state.encrypted = quiet.datagrams, quiet.octets, quiet.encrypted
    state.first_file, state.first_number = quiet.first_file, quiet.first_number
    state.usual, state.settled, state.unknown_octets = <char> C_UNKNOWN, quiet.datagrams, quiet.octets
    if quiet.candidate is not NULL:
        state.settled -= 1
        state.unknown_octets -= quiet.candidate.length
    return state
