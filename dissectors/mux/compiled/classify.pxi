# Octets to a row of the table: the rows of `mux.table`, flattened into numbers when a pair of first octets is met.
#
# A program is the rows that the first two octets leave open, each followed by its clauses. A word that has no opcode
# here is asked of the interpreter, so a new one is merely slower.

cdef enum Opcode:
    ROW, ASK, LENGTH, BITS, BETWEEN, LENGTH_FIELD, CHAIN, RTP_HEADER, START_LINE

cdef enum:
    FEW_SECONDS = 4

cdef int64_t LONGEST = 0x7FFFFFFFFFFFFFFF
cdef bytes TOKEN = bytes(octet in classify.TOKEN for octet in range(256))

FLATTENED = {
    AtLeast: lambda clause: (LENGTH, clause.octets, LONGEST),
    AtMost: lambda clause: (LENGTH, 0, clause.octets),
    Bits: lambda clause: (BITS, clause.offset, clause.mask, clause.value),
    Between: lambda clause: (BETWEEN, clause.offset, clause.size, clause.low, clause.high),
    U16: lambda clause: (BETWEEN, clause.offset, 2, clause.value, clause.value),
    U32: lambda clause: (BETWEEN, clause.offset, 4, clause.value, clause.value),
    LengthField: lambda clause: (LENGTH_FIELD, clause.offset, clause.unit, clause.header, clause.slack),
    RtpHeader: lambda clause: (RTP_HEADER,),
}
"""A clause as an opcode and its numbers, by the clause's word."""


cdef struct Clause:
    # A clause with its numbers; a ROW has that of the row, how many clauses follow it, and what is `bare` of them, and
    # is the unknown row last.
    int64_t op
    int64_t a
    int64_t b
    int64_t c
    int64_t d
    int64_t e
    int64_t f
    int64_t g


@final
cdef class Table:
    """The table of `mux.table`, a program for each pair of first octets that was met."""

    cdef uint32_t[0x10000] begins
    cdef int[256] met
    cdef Clause *code
    cdef list clauses, kept
    cdef dict programs, known
    cdef int used

    def __init__(self):
        self.clauses, self.kept = [], []
        self.programs, self.known = {}, {}
        self.write(ROW)

    def __dealloc__(self):
        PyMem_Free(self.code)

    def row(self, bytes payload not None, length):
        """The number of the first row whose every clause holds, as `mux.classify.match` says it."""
        return self.match(over(payload), length)

    cdef inline int match(self, Octets payload, Py_ssize_t length) except -1:
        cdef const Clause *row
        cdef int64_t i
        if payload.size < 2:
            return classify.match(part(payload, 0, payload.size), length)
        cdef uint32_t at = self.begins[u16(payload, 0)]
        if at == 0:
            at = self.program(u8(payload, 0), u8(payload, 1))
        row = &self.code[at]
        if row.c and length >= row.c and not u8(payload, 0) & 0x1F:
            return <int> row.a
        while row.a != C_UNKNOWN_ROW:
            for i in range(1, row.b + 1):
                if not self.holds(row + i, payload, length):
                    break
            else:
                return <int> row.a
            row += 1 + row.b
        return C_UNKNOWN_ROW

    cdef uint32_t program(self, int first, int second) except 0:
        """Where the program for two first octets begins; with many second octets, those of all are looked up at once.
        """
        cdef int octet
        self.met[first] += 1
        if self.met[first] <= FEW_SECONDS:
            self.begins[first << 8 | second] = self.written(classify.remaining(first, second))
        else:
            for octet, rows in enumerate(classify.every_second(first)):
                self.begins[first << 8 | octet] = self.written(rows)
        return self.begins[first << 8 | second]

    cdef uint32_t written(self, rows) except 0:
        """Where the program for some rows begins, written now if there is none that is the same."""
        begin = self.known.get(id(rows))
        if begin is not None:
            return begin
        begin = self.programs.get(rows)
        if begin is None:
            begin = self.used
            self.programs[rows] = begin
            for row, clauses in rows:
                self.write(ROW, row, len(clauses), bare(clauses))
                for clause in clauses:
                    self.flatten(clause)
            self.write(ROW, C_UNKNOWN_ROW)
        self.known[id(rows)] = begin
        self.kept.append(rows)
        return begin

    def flatten(self, clause):
        """Write one clause; the checks of a chain are kept as a program of their own, before it."""
        numbers = FLATTENED[type(clause)](clause) if type(clause) in FLATTENED else None
        if isinstance(clause, StartLine):
            numbers = (START_LINE, len(self.clauses))
            self.clauses.append(clause)
        elif isinstance(clause, Chain) and is_short(clause):
            numbers = self.chain(clause)
        if numbers is None:
            numbers = (ASK, len(self.clauses))
            self.clauses.append(clause)
        self.write(*numbers)

    def chain(self, clause):
        """A chain's numbers; its one or two checks are a mask, a low and a high value and an offset each, packed."""
        checks = [
            check.offset << 24 | (check.mask if isinstance(check, Bits) else 0xFF) << 16
            | (check.value if isinstance(check, Bits) else max(0, check.low)) << 8
            | (check.value if isinstance(check, Bits) else min(0xFF, check.high))
            for check in clause.checks
        ]
        everything = 0xFF
        checks += [everything] * (2 - len(checks))
        packed = clause.padding << 8 | clause.length_at
        return (CHAIN, clause.start, packed, clause.unit, clause.header, clause.align, *checks)

    def write(self, op, *numbers):
        """Append a clause."""
        numbers += (0,) * (7 - len(numbers))
        a, b, c, d, e, f, g = numbers
        self.code = <Clause *> room(self.code, NULL, 0, self.used, sizeof(Clause))
        self.code[self.used] = Clause(op, a, b, c, d, e, f, g)
        self.used += 1

    cdef inline bint holds(self, const Clause *clause, Octets payload, Py_ssize_t length) except -1:
        """Whether a clause holds for a payload of which some octets may not have been captured."""
        if clause.op == LENGTH:
            return clause.a <= length <= clause.b
        if clause.op == RTP_HEADER:
            return fits(payload, length)
        return self.others(clause, payload, length)

    cdef bint others(self, const Clause *clause, Octets payload, Py_ssize_t length) except -1:
        cdef int64_t a = clause.a, b = clause.b, value
        if clause.op == BITS:
            return a < payload.size and (u8(payload, a) & b) == clause.c
        if clause.op == BETWEEN:
            if a + b > payload.size:
                return False
            value = number_of(payload, a, b)
            return clause.c <= value <= clause.d
        if clause.op == LENGTH_FIELD:
            if a + 2 > payload.size:
                return False
            value = u16(payload, a) * b + clause.c
            return 0 <= length - value <= clause.d
        if clause.op == CHAIN:
            return chained(clause, payload, length)
        if clause.op == START_LINE:
            value = starts(payload, length, self.clauses[a].version)
            if value >= 0:
                return value
        return classify.holds(self.clauses[a], part(payload, 0, payload.size), length)


cdef bint chained(const Clause *clause, Octets payload, Py_ssize_t length) except -1:
    cdef int64_t element = clause.a, length_at = clause.b & 0xFF, padding = clause.b >> 8, value, place, check
    cdef int i
    while element < length:
        if length - element <= padding and clause.a < element and zeros(payload, element):
            return True
        for i in range(2):
            check = clause.g if i else clause.f
            place = element + (check >> 24)
            if place < payload.size:
                value = u8(payload, place) & (check >> 16 & 0xFF)
                if not (check >> 8 & 0xFF) <= value <= (check & 0xFF):
                    return False
        place = element + length_at
        if place + 2 > payload.size:
            return payload.size < length
        value = u16(payload, place) * clause.c + clause.d
        element += (value + clause.e - 1) // clause.e * clause.e
    return element == length


cdef bint zeros(Octets payload, Py_ssize_t at) except -1:
    """Whether every octet from `at` on is zero, as far as it was captured."""
    while at < payload.size:
        if u8(payload, at):
            return False
        at += 1
    return True


def bare(clauses):
    """From how many octets on clauses hold of RTP without sources and an extension; 0 where they ask for more."""
    least = sorted([clause.octets for clause in clauses if isinstance(clause, AtLeast)])
    asked = len([clause for clause in clauses if not isinstance(clause, (AtLeast, RtpHeader))])
    return least[-1] if least and least[-1] >= 12 and not asked else 0


def is_short(clause):
    """Whether the numbers of a chain find room in a clause."""
    return clause.length_at <= 0xFF and len(clause.checks) <= 2 and all(is_octet(check) for check in clause.checks)


def is_octet(check):
    """Whether a chain's check looks at one octet and can hold."""
    if isinstance(check, Bits):
        return check.offset < 0x10000
    return isinstance(check, Between) and check.size == 1 and check.low <= 0xFF and check.offset < 0x10000


cdef inline int64_t number_of(Octets octets, Py_ssize_t at, Py_ssize_t size) except -1:
    cdef int64_t value = 0
    cdef Py_ssize_t i
    for i in range(at, at + size):
        value = value << 8 | u8(octets, i)
    return value


cdef inline bint fits(Octets payload, Py_ssize_t length) except -1:
    """Whether the sources and the extension that an RTP header announces fit."""
    cdef Py_ssize_t end
    if payload.size == 0:
        return False
    end = 12 + 4 * (u8(payload, 0) & 0x0F)
    if u8(payload, 0) & 0x10:
        if end + 4 <= payload.size:
            end += 4 + 4 * u16(payload, end + 2)
        elif end + 4 <= length:
            return True
        else:
            end += 4
    return end <= length


cdef int starts(Octets payload, Py_ssize_t length, bytes version) except -2:
    """Whether a payload begins with a request or a status line; -1 where the line is cut and more has to be asked."""
    cdef Py_ssize_t at = 0, end, stop, size = len(version)
    cdef Octets tokens = over(TOKEN)
    while at < payload.size and (u8(payload, at) == 13 or u8(payload, at) == 10):
        at += 1
    end = at
    while end < payload.size and u8(payload, end) != 13 and u8(payload, end) != 10:
        end += 1
    if end - at > size and u8(payload, at + size) == 32 and same_letters(payload, at, version):
        at += size + 1
        for stop in range(at, at + 3):
            if stop >= end or not 48 <= u8(payload, stop) <= 57:
                return False
        return at + 3 == end or u8(payload, at + 3) == 32
    stop = at
    while stop < end and u8(tokens, u8(payload, stop)):
        stop += 1
    if stop == at or stop == end or u8(payload, stop) != 32:
        return False
    if end == payload.size < length:
        return -1
    while end > stop and (u8(payload, end - 1) == 32 or u8(payload, end - 1) == 9):
        end -= 1
    end -= size
    return end - 1 > stop and u8(payload, end - 1) == 32 and same_letters(payload, end, version)


cdef bint same_letters(Octets payload, Py_ssize_t at, bytes version) except -1:
    """Whether a payload holds a version at `at`, in letters of either case."""
    cdef Octets name = over(version)
    cdef Py_ssize_t i
    cdef int octet
    for i in range(name.size):
        octet = u8(payload, at + i)
        if (octet - 32 if 97 <= octet <= 122 else octet) != u8(name, i):
            return False
    return True
