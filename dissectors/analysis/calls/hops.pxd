"""The types of what is held of a hop in `hops.py` when it is compiled."""

cimport cython

from dissectors.protocols.sip_usual cimport Usual


@cython.final
cdef class Hop:
    cdef public object flow, pair
    cdef public Usual bye, first
    cdef public bint heard, progressed, rang
    cdef public int stage

    cpdef bint is_new(self, Usual usual) except? False
