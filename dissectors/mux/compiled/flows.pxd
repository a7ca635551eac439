from cython cimport final
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef enum:
    MOST_PROTOCOLS = 32


cdef struct Wire:
    uint64_t src_high
    uint64_t src_low
    uint64_t dst_high
    uint64_t dst_low
    uint64_t ports


@final
cdef class PairState:
    cdef public uint64_t seen
    cdef public dict waiting
    cdef public object outer


@final
cdef class FlowState:
    cdef readonly int64_t number
    cdef readonly object key
    cdef readonly PairState pair
    cdef public bint open
    cdef readonly int64_t datagrams, octets, first, last, encrypted
    cdef int64_t first_file, first_number
    cdef int64_t[MOST_PROTOCOLS] tally
    cdef Wire wire
    cdef object latest
    cdef dict streams
    cdef int64_t generation
    cdef object written
    cdef void arrive(self, int64_t time, int64_t file, int64_t frame, int64_t length) noexcept
    cdef void settle(self, int protocol, bint encrypted) noexcept


@final
cdef class FlowIndex:
    cdef list states
    cdef uint32_t[::1] slots
    cdef uint64_t mask, secret
    cdef FlowState find(self, const Wire *wire)
    cdef int add(self, FlowState state) except -1
    cdef int build(self, list states) except -1
    cdef uint64_t place(self, const Wire *wire) noexcept
