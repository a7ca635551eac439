"""The types of what calls offer in `offers.py` when it is compiled."""

from libc.stdint cimport int32_t, int64_t

cimport cython

from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_usual cimport Usual


@cython.final
cdef class Offer:
    cdef readonly int64_t frame
    cdef readonly int32_t file, octets, port
    cdef readonly bint is_facetime
    cdef readonly bytes shape
    cdef readonly str address
    cdef readonly object ssrc
    cdef public bytes owner

    cpdef bint repeats(self, Offer other) except? False


cdef class Reading:
    cdef object _asks, _limits
    cdef dict _shapes

    cpdef Offer offered(self, Entry entry, Usual usual)
