"""The types of what calls offer in `offers.py` when it is compiled."""

from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_usual cimport Usual


cdef class Offer:
    cdef public Py_ssize_t file, frame, octets
    cdef public object owner, shape, ssrc
    cdef public tuple end
    cdef public bint is_facetime

    cpdef bint repeats(self, Offer other) except? False


cdef class Reading:
    cdef object _asks, _limits
    cdef dict _shapes

    cpdef Offer offered(self, Entry entry, Usual usual)
