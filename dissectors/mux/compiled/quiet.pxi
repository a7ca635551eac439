# Quiet flows for who looks at them all: as they stood, in the order in which they came, without an object for each.

cdef enum:
    NAMES_KEPT = 256
    LONGEST_VALUE = 48
    COLUMNS = 10
    COLUMN_SRC = 0
    COLUMN_DST = 2
    COLUMN_FIRST = 4
    COLUMN_LAST = 5

cdef struct Named:
    uint64_t high
    uint64_t low
    uint64_t short


@final
cdef class QuietFlows:
    """Those of a table: copies, or the table's own records where that is not asked again."""

    cdef FlowTable table
    cdef Quiet *own
    cdef uint32_t *places
    cdef Py_ssize_t count
    cdef Named[NAMES_KEPT] named
    cdef list names

    def __init__(self, FlowTable table not None, bint copied):
        cdef Py_ssize_t at
        cdef Quiet *quiet
        self.names = [None] * NAMES_KEPT
        if copied:
            self.own = <Quiet *> PyMem_Calloc(max(1, table.records - table.gone), sizeof(Quiet))
        else:
            self.table = table
            self.places = <uint32_t *> PyMem_Calloc(max(1, table.records - table.gone), sizeof(uint32_t))
        if self.own is NULL and self.places is NULL:
            raise MemoryError()
        for at in range(table.records):
            quiet = table.record(at)
            if quiet.used < 0:
                continue
            if copied:
                self.own[self.count] = quiet[0]
                # Candidates go before the copy does: all that it says is that there is one.
                self.own[self.count].candidate = NULL
                self.own[self.count].used = quiet.candidate is not NULL
            else:
                self.places[self.count] = <uint32_t> at
            self.count += 1

    def __dealloc__(self):
        PyMem_Free(self.own)
        PyMem_Free(self.places)

    def __len__(self):
        return self.count

    cdef inline Quiet *record(self, Py_ssize_t at) noexcept:
        return self.table.record(self.places[at]) if self.own is NULL else &self.own[at]

    cdef inline int64_t unknown(self, const Quiet *quiet) noexcept:
        return quiet.datagrams - (quiet.candidate is not NULL if self.own is NULL else quiet.used)

    @property
    def settled(self):
        cdef Py_ssize_t at
        for at in range(self.count):
            if self.unknown(self.record(at)) != self.record(at).datagrams:
                return False
        return True

    def before(self, int64_t number):
        cdef Py_ssize_t low = 0, high = self.count, middle
        while low < high:
            middle = (low + high) // 2
            if self.record(middle).number < number:
                low = middle + 1
            else:
                high = middle
        return low

    def values(self, Py_ssize_t begin, Py_ssize_t end):
        cdef Py_ssize_t at
        cdef Quiet *quiet
        found = []
        for at in range(max(0, begin), min(end, self.count)):
            quiet = self.record(at)
            found.append((
                self.name(quiet.wire.src_high, quiet.wire.src_low, quiet.wire.ports), quiet.wire.ports >> 16 & 0xFFFF,
                self.name(quiet.wire.dst_high, quiet.wire.dst_low, quiet.wire.ports), quiet.wire.ports & 0xFFFF,
                quiet.first / 1e9, quiet.last / 1e9, quiet.datagrams, quiet.octets, quiet.encrypted,
                self.unknown(quiet),
            ))
        return found

    def pairs(self):
        cdef Py_ssize_t at
        cdef Wire *wire
        cdef Wire one, two
        found = set()
        memset(&one, 0, sizeof(one))
        two = one
        for at in range(self.count):
            wire = &self.record(at).wire
            # Question and answer come in turns.
            if same_hosts(wire, &one) or same_hosts(wire, &two):
                continue
            two, one = one, wire[0]
            found.add((
                self.name(wire.src_high, wire.src_low, wire.ports), self.name(wire.dst_high, wire.dst_low, wire.ports)
            ))
        return found

    def with_ports(self, ports):
        cdef Py_ssize_t at
        cdef uint64_t both
        cdef unsigned char[0x10000] wanted
        memset(wanted, 0, sizeof(wanted))
        for port in ports:
            wanted[<uint16_t> port] = 1
        found = []
        for at in range(self.count if ports else 0):
            both = self.record(at).wire.ports
            if wanted[both >> 16 & 0xFFFF] or wanted[both & 0xFFFF]:
                found.append(at)
        return found

    def written(self, Py_ssize_t begin, Py_ssize_t end, parts, columns, encode):
        cdef Py_ssize_t number, size = 0, length = 0, at, count = len(columns), next_time = 1
        cdef Octets[COLUMNS + 1] between
        cdef int[COLUMNS] column
        cdef int64_t[COLUMNS] value
        cdef Quiet *quiet
        cdef bytes times, text
        cdef Octets octets, first, last
        begin, end = max(0, begin), min(end, self.count)
        if not 0 < count <= COLUMNS or len(parts) != count + 1:
            raise ValueError("a part more than columns")
        for number in range(count):
            column[number] = columns[number]
            if not 0 <= column[number] < COLUMNS:
                raise ValueError("no such column")
        for number in range(count + 1):
            between[number] = over(parts[number])
            size += between[number].size
        # Numbers are written by who writes all others, many at once.
        moments = []
        for at in range(begin, end):
            quiet = self.record(at)
            moments.append(quiet.first / 1e9)
            if quiet.last != quiet.first:
                moments.append(quiet.last / 1e9)
        times = encode(moments)
        octets = over(times)
        cdef char *line = <char *> PyMem_Malloc(max(1, (end - begin) * (size + LONGEST_VALUE * count)))
        if line is NULL:
            raise MemoryError()
        try:
            for at in range(begin, end):
                quiet = self.record(at)
                first = last = until_comma(octets, &next_time)
                if quiet.last != quiet.first:
                    last = until_comma(octets, &next_time)
                value[1], value[3] = quiet.wire.ports >> 16 & 0xFFFF, quiet.wire.ports & 0xFFFF
                value[6], value[7], value[8] = quiet.datagrams, quiet.octets, quiet.encrypted
                value[9] = self.unknown(quiet)
                for number in range(count):
                    length += copied(line + length, between[number])
                    if column[number] == COLUMN_SRC:
                        length += named(line + length, self.name(
                            quiet.wire.src_high, quiet.wire.src_low, quiet.wire.ports
                        ))
                    elif column[number] == COLUMN_DST:
                        length += named(line + length, self.name(
                            quiet.wire.dst_high, quiet.wire.dst_low, quiet.wire.ports
                        ))
                    elif column[number] == COLUMN_FIRST:
                        length += copied(line + length, first)
                    elif column[number] == COLUMN_LAST:
                        length += copied(line + length, last)
                    else:
                        length += in_digits(line + length, value[column[number]])
                length += copied(line + length, between[count])
            return PyBytes_FromStringAndSize(line, length)
        finally:
            PyMem_Free(line)

    cdef inline str name(self, uint64_t high, uint64_t low, uint64_t ports):
        """An address as people write it."""
        cdef uint64_t short = ports >> 32 == 4
        cdef Py_ssize_t place = folded(low ^ high, <uint64_t> 0x9E3779B97F4A7C15) & (NAMES_KEPT - 1)
        cdef Named *known = &self.named[place]
        found = self.names[place]
        if found is None or known.low != low or known.high != high or known.short != short:
            found = self.names[place] = flows_of_python.written(address_of(high, low, short))
            known.high, known.low, known.short = high, low, short
        return <str> found


cdef inline bint same_hosts(const Wire *one, const Wire *other) noexcept:
    return (
        one.src_low == other.src_low and one.dst_low == other.dst_low and one.src_high == other.src_high
        and one.dst_high == other.dst_high and one.ports >> 32 == other.ports >> 32
    )


cdef inline Octets until_comma(Octets octets, Py_ssize_t *at) except *:
    """One value of an array in JSON, of at most so many octets; `at` goes behind it."""
    cdef Py_ssize_t begin = at[0], size
    cdef const void *end
    cdef Octets value
    if begin >= octets.size:
        beyond()
    end = memchr(octets.data + begin, b",", octets.size - begin)
    # The last one ends with the array.
    size = octets.size - 1 - begin if end is NULL else <const unsigned char *> end - (octets.data + begin)
    if size > LONGEST_VALUE:
        beyond()
    narrow(&value, octets, begin, size)
    at[0] = begin + size + 1
    return value


cdef inline Py_ssize_t copied(char *to, Octets octets) noexcept:
    memcpy(to, octets.data, octets.size)
    return octets.size


cdef inline Py_ssize_t named(char *to, str name) except -1:
    """An address, at most so many octets of it."""
    cdef Py_ssize_t size = 0
    cdef const char *text = PyUnicode_AsUTF8AndSize(name, &size)
    if size > LONGEST_VALUE:
        beyond()
    memcpy(to, text, size)
    return size


cdef inline Py_ssize_t in_digits(char *to, int64_t value) noexcept:
    """A number that is not negative."""
    cdef char[20] digits
    cdef Py_ssize_t size = 0, at
    while True:
        digits[size] = <char> (48 + value % 10)
        size += 1
        value //= 10
        if value == 0:
            break
    for at in range(size):
        to[at] = digits[size - 1 - at]
    return size
