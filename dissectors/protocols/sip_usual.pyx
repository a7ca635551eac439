"""Requests and responses as nearly everybody writes them: looked at, and nothing made of them.

What `glance` takes, `sip.parse` reads without anything odd: every header is one of `NAMES` in its usual spelling, or an
extension whose name begins with X-, on one line, in printable ASCII. Those are REGISTER and OPTIONS, without a body,
and INVITE, ACK and BYE, which may have compact names, and SDP for a body. So whoever holds the octets can have them
parsed later. Whatever is written otherwise is not wrong, it is only not read here.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cython cimport final, nonecheck
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memcpy

from dissectors.limits.texts import MAX_NAME_LENGTH, MAX_TEXT_LENGTH

NAMES = (
    b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length", b"Authorization",
    b"Proxy-Authorization", b"Contact", b"Accept", b"Accept-Encoding", b"Accept-Language", b"Allow", b"Allow-Events",
    b"Authentication-Info", b"Date", b"Expires", b"Min-SE", b"Organization", b"P-Access-Network-Info",
    b"P-Asserted-Identity", b"P-Associated-URI", b"P-Preferred-Identity", b"Path", b"Priority", b"Privacy",
    b"Proxy-Authenticate", b"Proxy-Require", b"Record-Route", b"Require", b"Route", b"Server", b"Service-Route",
    b"Session-Expires", b"Supported", b"Timestamp", b"Unsupported", b"User-Agent", b"WWW-Authenticate",
    b"Content-Type", b"Content-Encoding", b"Alert-Info", b"Call-Info", b"Content-Disposition", b"Content-Language",
    b"Diversion", b"History-Info", b"MIME-Version", b"P-Asserted-Service", b"P-Called-Party-ID",
    b"P-Charging-Function-Addresses", b"P-Early-Media", b"P-RTP-Stat", b"Reason", b"Referred-By", b"Remote-Party-ID",
    b"Reply-To", b"Subject", b"User-to-User",
)
"""Those that no rule looks at where all goes well, but for credentials, challenges and what a registration binds; of
Session-Expires and Reason the values are looked at here.

A rule that comes to look at another one takes it out of here: tests/analysis/calls/test_exchange.py tries each of them,
and test_talk.py does so in calls.
"""

NORMAL_REASONS = (
    b"Q.850;cause=16", b'Q.850;cause=16;text="NORMAL_CLEARING"', b'Q.850;cause=16;text="Normal call clearing"',
    b'Q.850;cause=16;text="Normal Clearing"', b'Q.850;cause=16;text="Terminated"', b"Q.850; cause=16",
    b'Q.850 ;cause=16 ;text="Normal call clearing"',
)
"""What is said in Reason where somebody hung up."""

LEAST_EXPIRES = 90
"""Seconds that a session timer has at least (RFC 4028 section 5)."""

COMPACT = {
    b"v": b"Via", b"f": b"From", b"t": b"To", b"i": b"Call-ID", b"l": b"Content-Length", b"m": b"Contact",
    b"c": b"Content-Type", b"e": b"Content-Encoding", b"k": b"Supported", b"b": b"Referred-By", b"s": b"Subject",
    b"u": b"Allow-Events", b"x": b"Session-Expires",
}
"""Compact names (RFC 3261 section 20)."""

LARGEST, LONGEST, MOST_LINES = 1300, 1200, 64
"""Octets of a message that crosses no limit of the path, as it is and where it would be larger with its body inflated
and long names; and headers of which the report keeps all."""

LONGEST_LINE, LONGEST_NAME = MAX_TEXT_LENGTH, 64
"""Octets of a line and of a header's name of which the report keeps all."""

cdef enum:
    VIA, FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS, CONTENT_LENGTH, AUTHORIZATION, PROXY_AUTHORIZATION, CONTACT
    # The first of `NAMES`, in their order.
    BUCKETS = 256
    MOST_DIGITS = 10
    MOST_NAMES = 62
    # As many as a mask has bits for, and one for other names.
    MOST_ENTERED = MOST_NAMES + 16
    MOST_SIZED = 5
    # Digits of a length or a port.
    MOST_DESCRIBED = 2048
    # Octets of a description.

REGISTER, OPTIONS, INVITE, ACK, BYE = range(1, 6)
"""The methods."""

cdef enum:
    C_REGISTER = 1
    C_OPTIONS = 2
    C_INVITE = 3
    C_ACK = 4
    C_BYE = 5

cdef int64_t MANDATORY = 1 << VIA | 1 << FROM | 1 << TO | 1 << CALL_ID | 1 << CSEQ
cdef int64_t ONCE = 1 << FROM | 1 << TO | 1 << CALL_ID | 1 << CSEQ | 1 << MAX_FORWARDS | 1 << CONTENT_LENGTH

if NAMES[CONTACT] != b"Contact" or len(NAMES) > MOST_NAMES or len(NAMES) + len(COMPACT) > MOST_ENTERED:
    raise ImportError(f"{len(NAMES)} names of headers, there is room for {MOST_NAMES}")

include "sip_values.pxi"

cdef Text[MOST_ENTERED] KNOWN
cdef int[MOST_ENTERED] MEANT
cdef int[BUCKETS] FIRST
cdef int CONTENT_TYPE = NAMES.index(b"Content-Type"), CONTENT_ENCODING = NAMES.index(b"Content-Encoding")
cdef int USER_AGENT = NAMES.index(b"User-Agent"), AGENT_OF_SERVER = NAMES.index(b"Server")
cdef int SESSION_EXPIRES = NAMES.index(b"Session-Expires"), REASON = NAMES.index(b"Reason"), EXTENSION = len(NAMES)
cdef int64_t OF_BODY = 1 << NAMES.index(b"Content-Type") | 1 << NAMES.index(b"Content-Encoding")
cdef int64_t ONCE_OF_CALLS = sum([
    1 << NAMES.index(name) for name in (
        b"From", b"To", b"Call-ID", b"CSeq", b"Max-Forwards", b"Content-Length", b"Contact", b"Content-Type",
        b"Content-Encoding",
    )
])
cdef int LONGER = max(map(len, COMPACT.values())) - 1
if LARGEST + MOST_LINES * LONGER > 0xFFFF:
    raise ImportError("a message may be larger than what two octets say of its parts")
cdef int LONGEST_NAMES = MAX_NAME_LENGTH, C_LARGEST = LARGEST, C_LONGEST = LONGEST, C_MOST_LINES = MOST_LINES
cdef int C_LONGEST_LINE = LONGEST_LINE, C_LONGEST_NAME = LONGEST_NAME, C_LEAST_EXPIRES = LEAST_EXPIRES


cdef inline int bucket(const char *at, Py_ssize_t size) noexcept:
    return (size * 13 + <unsigned char> at[0] * 5 + <unsigned char> at[size - 1]) & (BUCKETS - 1)


cdef int known(const char *at, Py_ssize_t size) noexcept:
    """Which of `NAMES` this is, or stands for; -1 where it is none."""
    if size <= 0:
        return -1
    cdef int place = bucket(at, size), number = FIRST[place]
    while number:
        if KNOWN[number - 1].size == size and not memcmp(KNOWN[number - 1].at, at, size):
            return MEANT[number - 1]
        place = (place + 1) & (BUCKETS - 1)
        number = FIRST[place]
    return -1


cdef int enter() except -1:
    cdef int place
    for number, name in enumerate((*NAMES, *COMPACT)):
        KNOWN[number] = Text(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        MEANT[number] = NAMES.index(COMPACT.get(name, name))
        place = bucket(KNOWN[number].at, KNOWN[number].size)
        while FIRST[place]:
            place = (place + 1) & (BUCKETS - 1)
        FIRST[place] = number + 1


enter()


@final
@nonecheck(True)
cdef class Usual:
    """One such message: its Call-ID and what tells its transaction (RFC 3261 section 17). `status` is 0 in a request.

    `method` is its own or that of the request that it answers, `credentials` says that it carries some, `begins` that
    it is a request outside any dialog. `octets` of SDP follow its headers, which are `packed` by zlib and labelled so,
    and `is_viceroy` is what its agent says. `timed` says that it has a session timer, of `LEAST_EXPIRES` at least.
    """

    @property
    def call_id(self):
        """Its Call-ID, as a new text."""
        return text(self.said(self.named))

    @property
    def is_registration(self):
        """Whether it or what it answers is REGISTER."""
        return self.method == C_REGISTER

    @property
    def body(self):
        """Its SDP as it came, perhaps packed."""
        cdef Py_ssize_t size = PyBytes_GET_SIZE(self.payload)
        return self.payload[size - self.octets :]

    @property
    def owner(self):
        """The address in From (RFC 3261 section 20.20)."""
        return text(self.said(self.sender))

    @property
    def contact(self):
        """Its first Contact as it is written; empty where it has none."""
        return text(self.said(self.place))

    @property
    def from_tag(self):
        """The tag in From."""
        return text(self.said(self.tag))

    @property
    def branch(self):
        """The branch of the topmost Via."""
        return text(self.said(self.via))

    cpdef bint fits(self, Py_ssize_t octets) noexcept:
        """Whether it crosses no limit of the path, with a body of so many octets when that is inflated."""
        return not (self.compact or self.packed) or self.longest + octets <= C_LONGEST

    cpdef bint answers(self, Usual asked) except? False:
        """Whether it is a response in the transaction of a request (RFC 3261 section 17.1.3)."""
        return (
            self.status > 0 and asked.status == 0 and self.sequence == asked.sequence
            and self.method == asked.method and alike(self, self.via, asked, asked.via)
            and alike(self, self.tag, asked, asked.tag)
        )

    cpdef bint same_tags(self, Usual other) except? False:
        """Whether both tags are those of another message."""
        return alike(self, self.tag, other, other.tag) and alike(self, self.to, other, other.to)

    cpdef bint is_made_by(self, Usual asked) except? False:
        """Whether there is a tag in To, and not the one of the request that was sent."""
        return self.to.size > 0 and not alike(self, self.to, asked, asked.tag)

    cpdef bint comes_back(self, Usual answer) except? False:
        """Whether its tags are those of a response in a dialog, turned round, as in a request of who answered."""
        return alike(self, self.tag, answer, answer.to) and alike(self, self.to, answer, answer.tag)

    cpdef bint is_new(self, Usual asked) except? False:
        """Whether it is a request with another branch."""
        return self.status == 0 and not alike(self, self.via, asked, asked.via)

    cpdef bint passes_on(self, Usual other) except? False:
        """Whether it says what another message said, in its transaction as another hop has it: to the octet in SDP."""
        return (
            self.status == other.status and self.method == other.method and self.sequence == other.sequence
            and alike(self, self.tag, other, other.tag) and alike(self, self.to, other, other.to)
            and self.same_description(other)
        )

    cpdef bint same_description(self, Usual other) except? False:
        """Whether its SDP is that of another message, to the octet."""
        return self.packed == other.packed and same(self.description(), other.description())

    cdef inline Text said(self, Part part) noexcept:
        return Text(PyBytes_AS_STRING(self.payload) + part.at, part.size)

    cdef Text description(self) noexcept:
        return Text(PyBytes_AS_STRING(self.payload) + PyBytes_GET_SIZE(self.payload) - self.octets, self.octets)

    @property
    def to_tag(self):
        """The tag in To; empty where it has none. Only of what is of a call."""
        return text(self.said(self.to))

    cpdef bint follows(self, Usual asked) except? False:
        """Whether it is an earlier request once more, with another number (RFC 3261 section 22.2)."""
        return (
            self.begins and asked.status == 0 and self.sequence > asked.sequence
            and self.method == asked.method and not alike(self, self.via, asked, asked.via)
            and alike(self, self.tag, asked, asked.tag) and alike(self, self.place, asked, asked.place)
        )


cdef inline Part part(const char *payload, Text said) noexcept:
    """Where this stands in a message; nothing stands at its begin."""
    return Part(said.at - payload, said.size) if said.size else Part(0, 0)


cdef inline bint same(Text one, Text two) noexcept:
    return one.size == two.size and (not one.size or not memcmp(one.at, two.at, one.size))


cdef inline bint alike(Usual one, Part here, Usual other, Part there) noexcept:
    """Whether two messages say the same there."""
    return same(one.said(here), other.said(there))


cdef const char *line(const char *at, const char *end) noexcept:
    """Where the CR LF of the line is that begins there; NULL where it has none, holds what is not printed, or is long.
    """
    cdef const char *behind
    cdef unsigned char odd = 0
    cdef Py_ssize_t place
    if end - at > C_LONGEST_LINE + 2:
        end = at + C_LONGEST_LINE + 2
    behind = found(at, end, c"\r")
    if behind is NULL or end - behind < 2 or behind[1] != c"\n":
        return NULL
    # Without a branch many octets are looked at together.
    for place in range(behind - at):
        odd |= (<unsigned char> (<unsigned char> at[place] - 0x20) > 0x5E) & (at[place] != c"\t")
    return NULL if odd else behind


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
    cdef Py_ssize_t size = 0
    cdef int method = method_at(at, end, &size)
    return method if end - at == size else 0


cdef inline int method_at(const char *at, const char *end, Py_ssize_t *size) noexcept:
    """The method that stands there, and how long it is; 0 where it is none of these."""
    if starts(at, end, b"INVITE", 6):
        size[0] = 6
        return C_INVITE
    if starts(at, end, b"ACK", 3):
        size[0] = 3
        return C_ACK
    if starts(at, end, b"BYE", 3):
        size[0] = 3
        return C_BYE
    if starts(at, end, b"REGISTER", 8):
        size[0] = 8
        return C_REGISTER
    if starts(at, end, b"OPTIONS", 7):
        size[0] = 7
        return C_OPTIONS
    return 0


cdef int64_t number_of(Text value, Py_ssize_t most) noexcept:
    """What at most so many digits say; -1 where there are more, or others."""
    cdef int64_t found = 0
    cdef Py_ssize_t at
    if not 0 < value.size <= most:
        return -1
    for at in range(value.size):
        if not c"0" <= value.at[at] <= c"9":
            return -1
        found = 10 * found + value.at[at] - c"0"
    return found


cdef inline bint says(Text value, const char *words, Py_ssize_t size) noexcept:
    return value.size == size and not memcmp(value.at, words, size)


cdef bint is_extension(const char *at, const char *end) noexcept:
    """Whether this is a name of nobody else's header at which nothing looks."""
    if not 2 < end - at <= C_LONGEST_NAME or at[1] != c"-" or at[0] != c"X" and at[0] != c"x":
        return False
    # That one names another call.
    if end - at == 5 and at[2] | 0x20 == c"c" and at[3] | 0x20 == c"i" and at[4] | 0x20 == c"d":
        return False
    while at < end:
        if not (c"a" <= at[0] | 0x20 <= c"z" or c"0" <= at[0] <= c"9" or at[0] == c"-" or at[0] == c"_"):
            return False
        at += 1
    return True


cdef bint is_normal(Text reason):
    """Whether this is one of `NORMAL_REASONS`."""
    for words in NORMAL_REASONS:
        if says(reason, PyBytes_AS_STRING(words), PyBytes_GET_SIZE(words)):
            return True
    return False


cdef bint is_far(Text expires) noexcept:
    """Whether a session timer has `LEAST_EXPIRES` at least."""
    cdef const char *end = expires.at + expires.size
    cdef const char *before = found(expires.at, end, c";")
    return number_of(between(expires.at, end if before is NULL else before), MOST_DIGITS) >= C_LEAST_EXPIRES


def glance(bytes payload not None):
    """A message of the usual kind; None where it is of another method, or is written in another way."""
    cdef const char *at = PyBytes_AS_STRING(payload)
    cdef const char *end = at + PyBytes_GET_SIZE(payload)
    cdef const char *behind
    cdef const char *colon
    cdef int method = 0, status = 0, name, counted = 0, lines = 0, compact = 0
    cdef int64_t seen = 0, twice = 0, sequence = 0
    cdef bint has_receiver = False
    cdef Py_ssize_t size = 0, octets = 0
    cdef Text nothing = Text(NULL, 0)
    cdef Text value, call_id, sender, from_tag, receiver, written = nothing, to_tag = nothing, branch, contact = nothing
    cdef Text length = nothing, agent = nothing, server = nothing, kind = nothing, encoding = nothing
    if end - at > C_LARGEST:
        return None
    if starts(at, end, b"SIP/2.0 ", 8):
        status = status_of(at + 8, end)
        if not status:
            return None
    else:
        method = method_at(at, end, &size)
        if not method or at + size == end or at[size] != c" ":
            return None
    behind = line(at, end)
    if behind is NULL or not status and not is_request(at + size + 1, behind):
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
        if colon is NULL:
            return None
        name = known(at, colon - at)
        if name < 0:
            if not is_extension(at, colon):
                return None
            name = EXTENSION
        if (ONCE & seen) >> name & 1:
            return None
        compact += colon == at + 1
        value = between(colon + 1, behind)
        if name == VIA:
            if not seen >> VIA & 1 and not branch_of(value, &branch):
                return None
        elif name == FROM:
            if not address_of(value, &sender, &from_tag) or not sender.size or not from_tag.size:
                return None
        elif name == TO:
            written, has_receiver = value, address_of(value, &receiver, &to_tag)
            if not has_receiver:
                if not status:
                    return None
                to_tag = nothing
        elif name == CALL_ID:
            call_id = value
        elif name == CSEQ:
            counted = method_of(value, &sequence)
            if not counted or method and counted != method:
                return None
        elif name == CONTACT:
            if not seen >> CONTACT & 1:
                contact = value
        elif name == CONTENT_LENGTH:
            length, octets = value, number_of(value, MOST_SIZED)
            if octets < 0:
                return None
        elif name == SESSION_EXPIRES:
            if not is_far(value):
                return None
        elif name == REASON:
            if not is_normal(value):
                return None
        elif name == CONTENT_TYPE:
            kind = value
        elif name == CONTENT_ENCODING:
            encoding = value
        elif name == USER_AGENT and not agent.size and not seen >> USER_AGENT & 1:
            agent = value
        elif name == AGENT_OF_SERVER and not server.size and not seen >> AGENT_OF_SERVER & 1:
            server = value
        twice |= seen & <int64_t> 1 << name
        seen |= <int64_t> 1 << name
    if behind + 2 + octets != end or lines > C_MOST_LINES or seen & MANDATORY != MANDATORY or not call_id.size:
        return None
    if call_id.size + from_tag.size + (written.size if status else to_tag.size) + branch.size + 8 > LONGEST_NAMES:
        return None
    if counted == C_REGISTER or counted == C_OPTIONS:
        if seen & OF_BODY or octets or compact or length.size > 1:
            return None
    elif not is_of_call(seen, twice, octets, kind, encoding) or not has_receiver or not from_tag.size:
        return None
    cdef Usual made = Usual.__new__(Usual)
    made.payload, made.status, made.sequence, made.method = payload, status, sequence, counted
    made.begins, made.timed = not status and not to_tag.size, seen >> SESSION_EXPIRES & 1
    made.credentials = (seen >> AUTHORIZATION | seen >> PROXY_AUTHORIZATION) & 1
    at = PyBytes_AS_STRING(payload)
    made.named, made.sender, made.tag = part(at, call_id), part(at, sender), part(at, from_tag)
    made.to, made.via, made.place = part(at, to_tag), part(at, branch), part(at, contact)
    made.octets, made.packed = octets, encoding.size > 0
    made.longest, made.compact = end - at - octets + compact * LONGER, compact > 0
    if not agent.size:
        agent = server
    made.is_viceroy = starts(agent.at, agent.at + agent.size, b"Viceroy", 7)
    return made


cdef bint is_of_call(int64_t seen, int64_t twice, Py_ssize_t octets, Text kind, Text encoding) noexcept:
    """Whether the headers are those of a call about which nothing is odd, and of SDP where there are octets."""
    if twice & ONCE_OF_CALLS or not seen >> CONTENT_LENGTH & 1:
        return False
    if not octets:
        return not seen & OF_BODY
    if not says(kind, b"application/sdp", 15):
        return False
    return not seen >> CONTENT_ENCODING & 1 or says(encoding, b"deflate", 7)


include "sdp_described.pxi"
