"""The head of a SIP message as nearly everybody writes it, octet by octet: the compiled twin of `sip_head.py`.

What a program says it says again and again, and what tells a call stands in all its messages: lines are looked up by
their octets, and of one that was there before nothing is made anew.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Copy
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New
from cpython.unicode cimport PyUnicode_DecodeUTF8
from cython cimport final, no_gc
from libc.stdint cimport uint64_t
from libc.string cimport memcmp

from dissectors.protocols.sip_headers import Header

from dissectors.protocols.sip_headers cimport SPELLINGS, fields, read_tag
from dissectors.protocols.sip_message cimport Identity, branch, cseq
from dissectors.protocols.sip_start_line cimport METHOD_NAMES, StartLine, usual_start_line

include "texts.pxi"
include "kept.pxi"
include "sip_values.pxi"

cdef enum:
    C_MOST_LINES = 128
    # Octets of names beyond which their shape is not kept.
    C_LONGEST_NAMES = 2048
    VIA = 1
    FROM = 2
    TO = 4
    CALL_ID = 8
    CSEQ = 16
    ALL_KINDS = 31

MOST_LINES = C_MOST_LINES

cdef dict KINDS = {"Via": VIA, "From": FROM, "To": TO, "Call-ID": CALL_ID, "CSeq": CSEQ}


@final
@no_gc
cdef class Line(Kept):
    """A line that was read as a header field; of those that identify a message `says` is what they are asked for."""

    cdef int kind
    cdef str name, written
    cdef object header, says


@final
cdef class Shape:
    """Headers that stand together: their names as they are written, and a dictionary that has all of them."""

    cdef tuple names
    cdef dict first


cdef list FIELDS = [None] * SLOTS, STARTS = [None] * SLOTS, SHAPES = [None] * SLOTS
"""What was read, in the place that its sum says: each holds the latest."""


cdef class Head:
    """As it is in `sip_head.py`."""

    def __init__(
        self, StartLine start_line not None, tuple headers not None, dict first not None, tuple names not None,
        Py_ssize_t at, bint whole, bint complete, Identity identity not None,
    ):
        self.start_line, self.headers, self.first, self.names = start_line, headers, first, names
        self.at, self.whole, self.complete, self.identity = at, whole, complete, identity


cdef str decoded(Text line):
    """A line as text; None where it holds characters that are not printed, or none at all."""
    cdef str said
    try:
        said = PyUnicode_DecodeUTF8(line.at, line.size, NULL)
    except UnicodeDecodeError:
        return None
    return said if said.isprintable() else None


cdef Line field(Text line):
    """A line as a header field; None where it is none, or may be odd."""
    cdef uint64_t sum = sum_of(line)
    cdef Line made = <Line> recalled(FIELDS, line, sum)
    if made is None:
        made = read_field(line)
        if made is not None:
            keep(FIELDS, made, line, sum)
    return made


cdef Line read_field(Text line):
    cdef const char *end = line.at + line.size
    cdef const char *colon = found(line.at, end, c":")
    cdef bint plain = colon is not NULL and is_ascii(line)
    cdef tuple spelling = SPELLINGS.get(text(Text(line.at, colon - line.at))) if plain else None
    cdef Line made = Line.__new__(Line)
    cdef Text value
    if spelling is not None:
        value = between(colon + 1, end)
        made.name, made.written, made.value = spelling[0], spelling[1], text(value)
    else:
        spelling = read_otherwise(line)
        if spelling is None:
            return None
        plain = False
        made.name, made.value, made.written = spelling[0], spelling[1], spelling[2]
    made.header, made.kind = header(made), KINDS.get(made.name, 0)
    made.says = said_by(made, value, plain)
    return made


cdef tuple read_otherwise(Text line):
    cdef str said = decoded(line)
    return None if said is None else fields(said)


cdef said_by(Line field, Text value, bint plain):
    """What those headers are asked for that identify a message; a `plain` value lies in the octets as it is."""
    cdef Text address, told
    if field.kind == VIA:
        return text(told) if plain and branch_of(value, &told) else branch(field.value)
    if field.kind == CSEQ:
        return cseq(field.value)
    if field.kind != FROM and field.kind != TO:
        return field.value
    if plain and address_of(value, &address, &told):
        return text(told) if told.size else None
    return read_tag(field.value)


cdef header(Line field):
    """The Header that it is."""
    made = named_tuple(Header, 4)
    put(made, 0, field.name)
    put(made, 1, field.value)
    put(made, 2, field.written)
    put(made, 3, False)
    return made


cdef StartLine start_line(Text line):
    """A line as a start line; None where it is none, or may be odd."""
    cdef uint64_t sum = sum_of(line)
    cdef Kept made = recalled(STARTS, line, sum)
    if made is not None:
        return <StartLine> made.value
    cdef StartLine start = request_line(line)
    if start is None:
        said = decoded(line)
        start = None if said is None else usual_start_line(said)
    if start is not None:
        made = Kept.__new__(Kept)
        made.value = start
        keep(STARTS, made, line, sum)
    return start


cdef StartLine request_line(Text line):
    """A request line in ASCII with a known method and one space before and behind its address; None for others."""
    cdef const char *version = line.at + line.size - 8
    cdef const char *space
    if line.size < 8 or memcmp(version, b" SIP/2.0", 8) or not is_ascii(line):
        return None
    space = found(line.at, version, c" ")
    if space is NULL or space + 1 == version or found(space + 1, version, c" ") is not NULL:
        return None
    method = METHOD_NAMES.get(text(Text(line.at, space - line.at)))
    if method is None:
        return None
    cdef StartLine made = StartLine.__new__(StartLine)
    made.method, made.uri, made.version = method, text(Text(space + 1, version - space - 1)), "SIP/2.0"
    return made


cdef Shape shape_of(tuple headers, uint64_t sum):
    """The shape of headers whose names, as they are written, have that sum."""
    cdef Shape kept = SHAPES[place_of(sum)]
    if kept is None or not is_of(kept, headers):
        kept = Shape.__new__(Shape)
        kept.names = tuple([each[2] for each in headers])
        kept.first = dict.fromkeys([each[0] for each in headers])
        if len("".join(kept.names)) <= C_LONGEST_NAMES:
            SHAPES[place_of(sum)] = kept
    return kept


cdef bint is_of(Shape shape, tuple headers) noexcept:
    cdef Py_ssize_t at
    if PyTuple_GET_SIZE(shape.names) != PyTuple_GET_SIZE(headers):
        return False
    for at in range(PyTuple_GET_SIZE(headers)):
        if PyTuple_GET_ITEM(shape.names, at) != PyTuple_GET_ITEM(<object> PyTuple_GET_ITEM(headers, at), 2):
            return False
    return True


cdef Py_ssize_t split(const char *at, const char *end, Text *lines) noexcept:
    """How many lines stand before an empty one; 0 where there is none, where CR stands alone, or where lines are many.
    """
    cdef Py_ssize_t count = 0
    cdef const char *behind
    while True:
        behind = found(at, end, c"\r")
        if behind is NULL or behind + 1 == end or behind[1] != c"\n":
            return 0
        if behind == at:
            return count
        if count == C_MOST_LINES:
            return 0
        lines[count] = Text(at, behind - at)
        at = behind + 2
        count += 1


cpdef Head usual_head(bytes payload, Py_ssize_t begin):
    """As it is in `sip_head.py`."""
    cdef Text[C_MOST_LINES] lines
    cdef const char *octets = PyBytes_AS_STRING(payload)
    cdef Py_ssize_t at, count = split(octets + begin, octets + PyBytes_GET_SIZE(payload), lines)
    cdef StartLine start = start_line(lines[0]) if count else None
    cdef uint64_t sum = 0
    cdef int seen = 0
    cdef Line line
    if start is None:
        return None
    cdef tuple headers = PyTuple_New(count - 1)
    cdef Identity identity = Identity.__new__(Identity)
    identity.method = start.method
    for at in range(1, count):
        line = field(lines[at])
        if line is None:
            return None
        put(headers, at - 1, line.header)
        sum = mixed(sum, <uint64_t> <void *> line.written)
        if line.kind & ~seen:
            seen |= line.kind
            identify(identity, line)
    cdef Shape shape = shape_of(headers, sum)
    cdef Head head = Head.__new__(Head)
    head.start_line, head.headers, head.names, head.identity = start, headers, shape.names, identity
    head.first, head.whole, head.complete = first_of(headers, shape), True, seen == ALL_KINDS
    head.at = lines[count - 1].at + lines[count - 1].size + 4 - octets
    return head


cdef dict first_of(tuple headers, Shape shape):
    """The first value of each header: a dictionary that knows its names is filled from behind."""
    cdef dict first = PyDict_Copy(shape.first)
    cdef Py_ssize_t at
    for at in range(PyTuple_GET_SIZE(headers) - 1, -1, -1):
        header = <object> PyTuple_GET_ITEM(headers, at)
        first[<object> PyTuple_GET_ITEM(header, 0)] = <object> PyTuple_GET_ITEM(header, 1)
    return first


cdef inline int identify(Identity identity, Line line) except -1:
    """Take what the first header of its name says."""
    if line.kind == VIA:
        identity.branch = line.says
    elif line.kind == FROM:
        identity.from_tag = line.says
    elif line.kind == TO:
        identity.to_tag = line.says
    elif line.kind == CALL_ID:
        identity.call_id = line.says
    elif line.says is not None:
        identity.sequence, identity.method = line.says
    return 0
