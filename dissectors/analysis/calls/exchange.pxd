"""The types of what is held in `exchange.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.unread cimport Kept, Unread
from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_usual cimport Usual


cdef class Exchange(Unread):
    cdef public object status
    cdef public Usual asked, first
    cdef public bint tried

    @cython.locals(first=Kept)
    cpdef bint feed(self, Entry entry, Usual usual) except? False
    cpdef bint _request(self, Usual usual) except? False
    @cython.locals(asked=Usual, status=int)
    cpdef bint _response(self, Usual usual) except? False
