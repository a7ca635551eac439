# Records that come next, some at a time: while one is counted, the memory that the others need is on its way.

cdef enum:
    TOGETHER = 8


cdef struct Coming:
    # A record of `size` octets at `at`, where the one behind it begins, and what is in it where that is plain.
    Plain plain
    uint64_t hash
    int64_t time
    int64_t original
    Py_ssize_t at
    Py_ssize_t size
    Py_ssize_t behind
    uint32_t interface
    int link
    bint is_plain


cdef int look_ahead(FlowTable flows, Octets octets, Coming *coming, int count) except -1:
    """Open records, and ask for the memory of their flows, then for that of their streams."""
    cdef Coming *one
    cdef int i
    for i in range(count):
        one = &coming[i]
        one.is_plain = opened(&one.plain, octets, one.at, one.size, one.link) and one.plain.length <= LARGEST_USUAL
        if one.is_plain:
            one.hash = flows.hash(&one.plain.wire)
            soon(flows.slot(one.hash))
    for i in range(count):
        if coming[i].is_plain:
            flows.expect(coming[i].hash)
    for i in range(count):
        if coming[i].is_plain:
            flows.expect_stream(coming[i].hash)
    return 0
