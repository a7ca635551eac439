# Connections that were given up, so that their segments are dropped here: what `mux.connections` knows, as far as there
# is room. One that is not found here is looked for there.

cdef enum:
    REMEMBERED = 1 << 15


@final
cdef class GivenUp:
    """Places for connections by their hash; a later one takes the place of an earlier one."""

    cdef Wire *places
    cdef uint64_t secret, other

    def __init__(self):
        self.secret = <uint64_t> hash("where a connection has its place")
        self.other = <uint64_t> hash("and what its ports are mixed with")

    def __dealloc__(self):
        PyMem_Free(self.places)

    cdef bint knows(self, const Wire *wire) noexcept:
        cdef Wire ends = ordered(wire)
        return self.places is not NULL and same_wire(self.place(&ends), &ends)

    cdef int add(self, bytes src, uint64_t sport, bytes dst, uint64_t dport) except -1:
        cdef Wire wire = on_the_wire(src, sport, dst, dport)
        cdef Wire ends = ordered(&wire)
        if self.places is NULL:
            self.places = <Wire *> PyMem_Calloc(REMEMBERED, sizeof(Wire))
            if self.places is NULL:
                raise MemoryError()
        self.place(&ends)[0] = ends
        return 0

    def forget(self, key):
        """Remember a connection no longer."""
        cdef Wire wire = on_the_wire(key[0], key[1], key[2], key[3])
        if self.knows(&wire):
            wire = ordered(&wire)
            self.place(&wire).ports = 0

    cdef inline Wire *place(self, const Wire *ends) noexcept:
        return &self.places[mixed(ends, self.secret, self.other) >> 1 & REMEMBERED - 1]
