"""REGISTER and OPTIONS, and their responses, as nearly everybody writes them: looked at, and nothing made of them.

What `glance` takes, `sip.parse` reads without anything odd: every header is one of `NAMES` in its registered spelling,
on one line, in printable ASCII; there is no body. So whoever holds the octets can have them parsed later. Whatever is
written otherwise is not wrong, it is only not read here.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython cimport final
from libc.stdint cimport int64_t
from libc.string cimport memcmp

from dissectors.limits.texts import MAX_NAME_LENGTH

NAMES = (
    b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length", b"Authorization",
    b"Proxy-Authorization", b"Contact", b"Accept", b"Accept-Encoding", b"Accept-Language", b"Allow", b"Allow-Events",
    b"Authentication-Info", b"Date", b"Expires", b"Min-SE", b"Organization", b"P-Access-Network-Info",
    b"P-Asserted-Identity", b"P-Associated-URI", b"P-Preferred-Identity", b"Path", b"Priority", b"Privacy",
    b"Proxy-Authenticate", b"Proxy-Require", b"Record-Route", b"Require", b"Route", b"Server", b"Service-Route",
    b"Session-Expires", b"Supported", b"Timestamp", b"Unsupported", b"User-Agent", b"WWW-Authenticate",
)
"""Those that no rule about calls looks at, but for credentials, challenges and what a registration binds.

A rule that comes to look at another one takes it out of here: tests/analysis/calls/test_exchange.py tries each of them.
"""

LARGEST, MOST_LINES = 1023, 64
"""Octets of a message that crosses no limit of the path, and headers of which the report keeps all."""

cdef enum:
    VIA, FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS, CONTENT_LENGTH, AUTHORIZATION, PROXY_AUTHORIZATION, CONTACT
    # The first of `NAMES`, in their order.
    BUCKETS = 256
    MOST_DIGITS = 10
    MOST_NAMES = 63
    # As many as a mask has bits for.

cdef enum:
    REGISTER = 1
    OPTIONS = 2

cdef int64_t MANDATORY = 1 << VIA | 1 << FROM | 1 << TO | 1 << CALL_ID | 1 << CSEQ
cdef int64_t ONCE = 1 << FROM | 1 << TO | 1 << CALL_ID | 1 << CSEQ | 1 << MAX_FORWARDS | 1 << CONTENT_LENGTH

if len(NAMES) > MOST_NAMES:
    raise ImportError(f"{len(NAMES)} names of headers, there is room for {MOST_NAMES}")

include "texts.pxi"
include "sip_values.pxi"

cdef Text[MOST_NAMES] KNOWN
cdef int[BUCKETS] FIRST
cdef unsigned char[256] PRINTABLE
cdef int LONGEST_NAMES = MAX_NAME_LENGTH, C_LARGEST = LARGEST, C_MOST_LINES = MOST_LINES


cdef inline int bucket(const char *at, Py_ssize_t size) noexcept:
    return (size * 13 + <unsigned char> at[0] * 5 + <unsigned char> at[size - 1]) & (BUCKETS - 1)


cdef int known(const char *at, Py_ssize_t size) noexcept:
    """Which of `NAMES` this is; -1 where it is none."""
    if size <= 0:
        return -1
    cdef int place = bucket(at, size), number = FIRST[place]
    while number:
        if KNOWN[number - 1].size == size and not memcmp(KNOWN[number - 1].at, at, size):
            return number - 1
        place = (place + 1) & (BUCKETS - 1)
        number = FIRST[place]
    return -1


cdef void enter() noexcept:
    cdef int place
    for number, name in enumerate(NAMES):
        KNOWN[number] = Text(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        place = bucket(KNOWN[number].at, KNOWN[number].size)
        while FIRST[place]:
            place = (place + 1) & (BUCKETS - 1)
        FIRST[place] = number + 1
    for number in range(256):
        PRINTABLE[number] = 0x20 <= number < 0x7F or number == 0x09


enter()


@final
cdef class Usual:
    """One such message: its Call-ID and what tells its transaction (RFC 3261 section 17). `status` is 0 in a request.

    `is_registration` says that it or what it answers is REGISTER, `credentials` that it carries some, `begins` that it
    is a request outside any dialog.
    """

    cdef readonly object call_id
    cdef readonly int status
    cdef readonly int64_t sequence
    cdef readonly bint is_registration, credentials, begins
    cdef bytes payload
    # In whose octets these are.
    cdef Text sender, tag, via, place

    @property
    def owner(self):
        """The address in From (RFC 3261 section 20.20)."""
        return text(self.sender)

    @property
    def contact(self):
        """Its first Contact as it is written; empty where it has none."""
        return text(self.place)

    @property
    def from_tag(self):
        """The tag in From."""
        return text(self.tag)

    @property
    def branch(self):
        """The branch of the topmost Via."""
        return text(self.via)

    def answers(self, Usual asked not None):
        """Whether it is a response in the transaction of a request (RFC 3261 section 17.1.3)."""
        return (
            self.status > 0 and asked.status == 0 and self.sequence == asked.sequence
            and self.is_registration == asked.is_registration and same(self.via, asked.via)
            and same(self.tag, asked.tag)
        )

    def follows(self, Usual asked not None):
        """Whether it is an earlier request once more, with another number (RFC 3261 section 22.2)."""
        return (
            self.begins and asked.status == 0 and self.sequence > asked.sequence
            and self.is_registration == asked.is_registration and not same(self.via, asked.via)
            and same(self.tag, asked.tag) and same(self.place, asked.place)
        )


cdef inline bint same(Text one, Text two) noexcept:
    return one.size == two.size and (not one.size or not memcmp(one.at, two.at, one.size))


cdef const char *line(const char *at, const char *end) noexcept:
    """Where the CR LF of the line is that begins there; NULL where it has none, or holds what is not printed."""
    while at < end and PRINTABLE[<unsigned char> at[0]]:
        at += 1
    return at if end - at >= 2 and at[0] == c"\r" and at[1] == c"\n" else NULL


cdef int status_of(const char *at, const char *end) noexcept:
    """The status behind the version of a response; 0 where none is."""
    cdef int status = 0, digits = 0
    while at < end and digits < 3 and c"0" <= at[0] <= c"9":
        status = 10 * status + at[0] - c"0"
        at += 1
        digits += 1
    return status if digits == 3 and 100 <= status <= 699 and at < end and at[0] == c" " else 0


cdef bint is_request(const char *at, const char *end) noexcept:
    """Whether an address and the version follow the method, with one space between them."""
    cdef const char *version = end - 8
    if version - at < 1 or memcmp(version, b" SIP/2.0", 8):
        return False
    return found(at, version, c" ") is NULL and found(at, version, c"\t") is NULL


cdef int method_of(Text value, int64_t *sequence) noexcept:
    """The method in a CSeq, and its number; 0 where it is none of these."""
    cdef const char *at = value.at
    cdef const char *end = at + value.size
    cdef int digits = 0
    sequence[0] = 0
    while at < end and digits < MOST_DIGITS and c"0" <= at[0] <= c"9":
        sequence[0] = 10 * sequence[0] + at[0] - c"0"
        at += 1
        digits += 1
    if not digits or sequence[0] > 0xFFFFFFFF or at == end or at[0] != c" ":
        return 0
    at += 1
    if end - at == 8 and not memcmp(at, b"REGISTER", 8):
        return REGISTER
    return OPTIONS if end - at == 7 and not memcmp(at, b"OPTIONS", 7) else 0


def glance(bytes payload not None):
    """A message of the usual kind; None where it is no REGISTER or OPTIONS, or is written in another way."""
    cdef const char *at = PyBytes_AS_STRING(payload)
    cdef const char *end = at + PyBytes_GET_SIZE(payload)
    cdef const char *behind
    cdef const char *colon
    cdef int method = 0, status = 0, name, counted = 0, lines = 0
    cdef int64_t seen = 0, sequence = 0
    cdef Text value, call_id, sender, from_tag, receiver, to_tag, branch, contact = Text(NULL, 0)
    if end - at > C_LARGEST:
        return None
    if starts(at, end, b"SIP/2.0 ", 8):
        status = status_of(at + 8, end)
        if not status:
            return None
    elif starts(at, end, b"REGISTER ", 9):
        method = REGISTER
    elif starts(at, end, b"OPTIONS ", 8):
        method = OPTIONS
    else:
        return None
    behind = line(at, end)
    if behind is NULL or not status and not is_request(at + (9 if method == REGISTER else 8), behind):
        return None
    while True:
        at = behind + 2
        behind = line(at, end)
        if behind is NULL:
            return None
        if behind == at:
            break
        lines += 1
        colon = found(at, behind, c":")
        name = -1 if colon is NULL else known(at, colon - at)
        if name < 0 or (ONCE & seen) >> name & 1:
            return None
        value = between(colon + 1, behind)
        if name == VIA:
            if not seen >> VIA & 1 and not branch_of(value, &branch):
                return None
        elif name == FROM:
            if not address_of(value, &sender, &from_tag) or not sender.size or not from_tag.size:
                return None
        elif name == TO:
            if status:
                to_tag = value
            elif not address_of(value, &receiver, &to_tag):
                return None
        elif name == CALL_ID:
            call_id = value
        elif name == CSEQ:
            counted = method_of(value, &sequence)
            if not counted or method and counted != method:
                return None
        elif name == CONTACT:
            if not seen >> CONTACT & 1:
                contact = value
        elif name == CONTENT_LENGTH and (value.size != 1 or value.at[0] != c"0"):
            return None
        seen |= <int64_t> 1 << name
    if behind + 2 != end or lines > C_MOST_LINES or seen & MANDATORY != MANDATORY or not call_id.size:
        return None
    if call_id.size + from_tag.size + to_tag.size + branch.size + 8 > LONGEST_NAMES:
        return None
    cdef Usual made = Usual.__new__(Usual)
    made.payload, made.status, made.sequence = payload, status, sequence
    made.is_registration, made.begins = counted == REGISTER, not status and not to_tag.size
    made.credentials = (seen >> AUTHORIZATION | seen >> PROXY_AUTHORIZATION) & 1
    made.sender, made.tag, made.via, made.place, made.call_id = sender, from_tag, branch, contact, text(call_id)
    return made
