# Values of headers where they lie in the octets of a message: what stands in them when they are written as usual.
# It stands behind `texts.pxi`.

cdef bint address_of(Text value, Text *uri, Text *tag) noexcept:
    """The address and the tag of a From or To, as `sip_headers.tag` reads them where they are written as usual."""
    cdef const char *end = value.at + value.size
    cdef const char *opened = found(value.at, end, c"<")
    cdef const char *closed = found(value.at, end, c">")
    cdef const char *quoted = found(value.at, end, c'"')
    cdef const char *before
    if opened is NULL or closed is NULL or closed < opened or found(opened + 1, end, c"<") is not NULL:
        return False
    if found(value.at, end, c"\\") is not NULL or found(value.at, end, c"(") is not NULL:
        return False
    if quoted is NULL:
        before = found(value.at, end, c";")
        if before is not NULL and before < opened:
            return False
    else:
        before = found(value.at + 1, end, c'"')
        if quoted != value.at or before is NULL or before == value.at + 1 or before > opened:
            return False
        if found(before + 1, end, c'"') is not NULL:
            return False
    uri[0] = between(opened + 1, closed)
    tag[0] = Text(NULL, 0)
    if closed + 1 == end:
        return True
    if not starts(closed, end, b">;tag=", 6):
        return False
    before = found(closed + 2, end, c";")
    tag[0] = between(closed + 6, end if before is NULL else before)
    return tag.size > 0


cdef bint branch_of(Text value, Text *branch) noexcept:
    """The branch of one hop, as `sip_via.branch` finds it."""
    cdef const char *at = value.at
    cdef const char *end = at + value.size
    cdef const char *next
    if not starts(at, end, b"SIP/2.0/", 8) or value.size < 9 or not (c"A" <= at[8] <= c"Z"):
        return False
    for number in range(value.size):
        if at[number] in b',"<(\\':
            return False
    at = found(at, end, c";")
    while at is not NULL:
        at += 1
        next = found(at, end, c";")
        if starts(at, end, b"branch=", 7):
            branch[0] = between(at + 7, end if next is NULL else next)
            return branch.size > 0
        if at < end and (at[0] == c"b" or at[0] == c"B" or at[0] == c" " or at[0] == c"\t"):
            return False
        at = next
    return False
