# Messages of SIP that follow one another on a stream without surprises: the twin of `mux.connection.plain_messages`. It
# may be content with fewer, for whatever it leaves goes through the closer look.

cdef enum:
    MAX_METHOD = 32
    MAX_DIGITS = 10
    HYPHEN = 7
    # Of `LENGTH_NAME`.

cdef Py_ssize_t PLAIN_LINE = MAX_PLAIN_LINE_OCTETS, PLAIN_HEAD = MAX_PLAIN_HEAD_OCTETS
cdef bytes SIP_VERSION = b"SIP/2.0 ", BEHIND_URI = b" SIP/2.0", LENGTH_NAME = b"content-length"
cdef unsigned char[256] IS_TOKEN
for number in bytearray(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!%*_+`'~-"):
    IS_TOKEN[number] = 1


def plain_messages(way):
    """The messages of SIP that come next and hold no surprises; there may be more, of which `next_message` knows."""
    direction, key = way.direction, way.key
    cdef bytes kept = direction.peek(MAX_PLAIN_OCTETS)
    cdef Octets octets = over(kept)
    cdef list found = []
    cdef Py_ssize_t at = 0, layer = -1, end, line = plain_line(octets, 0)
    before = None
    while line:
        end = plain_end(octets, at, line)
        if not end:
            break
        line = plain_line(octets, end)
        if not line and direction.end_of_segment(end - at) > end - at:
            break
        origin = direction.read(end - at)
        layer = layer + 1 if origin is before else 0
        found.append(tuple.__new__(Whole, (key, part(octets, at, end - at), end - at, layer, origin, ANY_ROW)))
        at, before = end, origin
    if found:
        way.wanted = 1
    return found


def plain_segment(key, bytes payload not None, origin):
    """The messages of SIP that a payload consists of, if they hold no surprises; else none."""
    cdef Octets octets = over(payload)
    cdef list found = []
    cdef Py_ssize_t at = 0, end, line = plain_line(octets, 0)
    while line:
        end = plain_end(octets, at, line)
        if not end:
            break
        whole = part(octets, at, end - at) if end - at < octets.size else payload
        found.append(tuple.__new__(Whole, (key, whole, end - at, len(found), origin, ANY_ROW)))
        if end == octets.size:
            return found
        at, line = end, plain_line(octets, end)
    return []


cdef Py_ssize_t plain_line(Octets octets, Py_ssize_t at) except -1:
    """Where a start line ends that stands there as nearly all do, 0 for none."""
    cdef Octets line
    cdef Py_ssize_t end = line_end(octets, at, min(octets.size, at + PLAIN_LINE)), size, place = 0
    cdef bint is_status
    if not end:
        return 0
    narrow(&line, octets, at, end - at - 1)
    if line.size and u8(line, line.size - 1) == c"\r":
        line.size -= 1
    size = line.size
    if size < 12 or memchr(line.data, c"\r", size) is not NULL:
        return 0
    if same_octets(line, 0, SIP_VERSION):
        is_status = c"1" <= u8(line, 8) <= c"6" and is_digit(u8(line, 9)) and is_digit(u8(line, 10))
        return end if is_status and u8(line, 11) == c" " else 0
    if c"a" <= u8(line, 0) <= c"z":
        return 0
    while place < size and IS_TOKEN[u8(line, place)]:
        place += 1
    if not 0 < place <= MAX_METHOD or place + 10 > size or u8(line, place) != c" ":
        return 0
    return end if same_octets(line, size - 8, BEHIND_URI) else 0


cdef Py_ssize_t plain_end(Octets octets, Py_ssize_t at, Py_ssize_t line) except -1:
    """Where the message ends that begins there with a plain start line, 0 where nobody knows so soon."""
    cdef Py_ssize_t bound = min(octets.size, at + PLAIN_HEAD), end, name
    cdef int64_t length = -1
    while line < bound:
        if u8(octets, line) == c"\r":
            if line + 1 >= bound or u8(octets, line + 1) != c"\n":
                return 0
            end = line + 2 + max(length, 0)
            return end if end <= octets.size else 0
        end = line_end(octets, line, bound)
        if not end or end == line + 1:
            return 0
        name = size_of_name(octets, line, end) if length < 0 else 0
        if name:
            length = plain_length(octets, line + name, end)
            if length < 0:
                return 0
        line = end
    return 0


cdef Py_ssize_t line_end(Octets octets, Py_ssize_t at, Py_ssize_t bound) except -1:
    """The place behind the line that begins there and ends before `bound`, 0 for none."""
    cdef Octets rest
    cdef const void *found
    if at >= bound:
        return 0
    narrow(&rest, octets, at, bound - at)
    found = memchr(rest.data, c"\n", rest.size)
    return 0 if found is NULL else at + (<const unsigned char *> found - rest.data) + 1


cdef Py_ssize_t size_of_name(Octets octets, Py_ssize_t at, Py_ssize_t end) except -1:
    """How long the name of a line is that is, or begins as, one of Content-Length; 0 for any other."""
    cdef int first = u8(octets, at) | 0x20
    cdef Py_ssize_t place
    if first == c"l":
        return 1
    if first != c"c" or end - at < len(LENGTH_NAME):
        return 0
    for place in range(1, len(LENGTH_NAME)):
        if u8(octets, at + place) | 0x20 != LENGTH_NAME[place]:
            return 0
    return len(LENGTH_NAME) if u8(octets, at + HYPHEN) == c"-" else 0


cdef int64_t plain_length(Octets octets, Py_ssize_t at, Py_ssize_t end) except -2:
    """The number behind a colon, -1 where there is anything else."""
    cdef int64_t length = 0
    cdef int digits = 0
    at = behind_blanks(octets, at, end)
    if at == end or u8(octets, at) != c":":
        return -1
    at = behind_blanks(octets, at + 1, end)
    while at < end and is_digit(u8(octets, at)) and digits < MAX_DIGITS:
        length = 10 * length + u8(octets, at) - c"0"
        at, digits = at + 1, digits + 1
    at = behind_blanks(octets, at, end)
    if at < end and u8(octets, at) == c"\r":
        at += 1
    return length if digits and at == end - 1 else -1


cdef Py_ssize_t behind_blanks(Octets octets, Py_ssize_t at, Py_ssize_t end) except -1:
    """The place behind spaces and tabs."""
    while at < end and (u8(octets, at) == c" " or u8(octets, at) == c"\t"):
        at += 1
    return at


cdef inline bint is_digit(int octet) noexcept:
    return c"0" <= octet <= c"9"


cdef bint same_octets(Octets octets, Py_ssize_t at, bytes wanted) except -1:
    cdef Octets held
    narrow(&held, octets, at, len(wanted))
    return memcmp(held.data, PyBytes_AS_STRING(wanted), held.size) == 0
