# SDP of one line of sound, looked at, and nothing made of it. It stands in `sip_usual.pyx`.

@final
cdef class Described:
    """What SDP of one line of sound says: where it wants to receive, and which SSRC it announces, None or one.

    `rest` is all that it says besides, but for its name, its times and who made it: `owner` is its origin, `is_facetime`
    what that says.
    """

    cdef readonly bytes rest, owner
    cdef readonly object address, ssrc
    cdef readonly int port
    cdef readonly bint is_facetime


cdef const char *word(const char *at, const char *end, Text *found_there) noexcept:
    """What is behind a word and the blank that ends it; NULL where there is none."""
    cdef const char *blank = found(at, end, c" ")
    if blank is NULL or blank == at:
        return NULL
    found_there[0] = Text(at, blank - at)
    return blank + 1


cdef bint is_origin(const char *at, const char *end, Text *user) noexcept:
    """Whether these are six words, of which the first is the name of a user."""
    cdef Text other
    if found(at, end, c"\t") is not NULL:
        return False
    at = word(at, end, user)
    for _ in range(4):
        if at is not NULL:
            at = word(at, end, &other)
    return at is not NULL and at < end and found(at, end, c" ") is NULL


def described(bytes sdp not None):
    """SDP of one line of sound, written as most do; None of any other.

    Its lines are in printable ASCII, each with its CR LF. It receives at one address of digits, and RTCP there, too, if
    it says where: at the next port or at the same one. It may announce one source, by its cname (RFC 5576).
    """
    cdef char[MOST_DESCRIBED] rest
    cdef const char *at = PyBytes_AS_STRING(sdp)
    cdef const char *end = at + PyBytes_GET_SIZE(sdp)
    cdef const char *behind
    cdef const char *more
    cdef Py_ssize_t size = 0
    cdef Text nothing = Text(NULL, 0)
    cdef Text user = nothing, owner = nothing, address = nothing, said
    cdef bint names = False, times = False, connects = False
    cdef int64_t ssrc = -1, port = 0
    if end - at > MOST_DESCRIBED or not starts(at, end, b"v=0\r\n", 5):
        return None
    behind = at + 3
    while behind + 2 < end:
        at = behind + 2
        behind = line(at, end)
        if behind is NULL or behind - at < 2 or at[1] != c"=":
            return None
        more = at
        if at[0] == c"a":
            if at[2] == c" " or at[2] == c"\t":
                return None
            if port and starts(at, behind, b"a=ssrc", 6) and at[6] != c"-":
                if ssrc >= 0 or at[6] != c":":
                    return None
                ssrc = source_of(at + 7, behind)
                if ssrc < 0:
                    return None
                continue
            if port and starts(at, behind, b"a=rtcp", 6) and at[6] != c"-":
                if at[6] != c":" or not is_beside(at + 7, behind, port, address):
                    return None
                continue
        elif at[0] == c"c":
            said = Text(at + 2, behind - at - 2)
            if connects or not is_address(said.at, behind) or address.size and not same(address, said):
                return None
            address, connects = said, True
            continue
        elif at[0] == c"m":
            if port or not starts(at, behind, b"m=audio ", 8):
                return None
            more = word(at + 8, behind, &said)
            port = number_of(said, MOST_SIZED) if more is not NULL else -1
            if not 0 < port < 1 << 16 or said.at[0] == c"0":
                return None
            more -= 1
            connects = False
        elif at[0] == c"o":
            if port or owner.size or not is_origin(at + 2, behind, &user):
                return None
            owner = Text(at + 2, behind - at - 2)
            continue
        elif at[0] == c"s":
            if port or names:
                return None
            names = True
            continue
        elif at[0] == c"t":
            if port or times:
                return None
            times = True
            continue
        elif at[0] != c"b" and at[0] != c"i" and (port or at[0] not in b"uep"):
            return None
        memcpy(rest + size, more, behind + 2 - more)
        size += behind + 2 - more
    if behind + 2 != end or not (port and owner.size and address.size and names and times):
        return None
    cdef Described made = Described.__new__(Described)
    made.rest = rest[:size]
    made.owner, made.port = owner.at[: owner.size], <int> port
    made.ssrc = None if ssrc < 0 else ssrc
    # Behind the types of network and address.
    made.address = text(Text(address.at + 7, address.size - 7))
    made.is_facetime = says(user, b"GKVoiceChatService", 18)
    return made


cdef bint is_beside(const char *at, const char *end, int64_t port, Text address) noexcept:
    """Whether RTCP goes to that port or to the next one, at the address that was said before, if one is named."""
    cdef const char *blank = found(at, end, c" ")
    cdef int64_t there = number_of(Text(at, (end if blank is NULL else blank) - at), MOST_SIZED)
    if there != port and there != port + 1:
        return False
    return blank is NULL or same(Text(blank + 1, end - blank - 1), address)


cdef bint is_address(const char *at, const char *end) noexcept:
    """Whether these are the types of an address, and one of digits."""
    if not starts(at, end, b"IN IP4 ", 7) and not starts(at, end, b"IN IP6 ", 7) or end - at == 7:
        return False
    at += 7
    while at < end:
        if not (c"0" <= at[0] <= c"9" or c"a" <= at[0] <= c"f" or c"A" <= at[0] <= c"F" or at[0] in b".:"):
            return False
        at += 1
    return True


cdef int64_t source_of(const char *at, const char *end) noexcept:
    """The SSRC before a cname; -1 where it is written otherwise."""
    cdef Text digits
    cdef int64_t ssrc
    at = word(at, end, &digits)
    if at is NULL or digits.size > 1 and digits.at[0] == c"0":
        return -1
    ssrc = number_of(digits, MOST_DIGITS)
    if ssrc > 0xFFFFFFFF or not starts(at, end, b"cname:", 6) or end - at == 6:
        return -1
    at += 6
    return ssrc if found(at, end, c" ") is NULL and found(at, end, c"\t") is NULL else -1
