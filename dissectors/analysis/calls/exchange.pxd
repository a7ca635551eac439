"""The types of what is held in `exchange.py` when it is compiled."""

from dissectors.analysis.calls.unread cimport Unread


cdef class Exchange(Unread):
    cdef public object asked, status
    cdef public bint tried

    cpdef bint feed(self, object entry, object usual) except? False
    cpdef bint _request(self, object usual) except? False
    cpdef bint _response(self, object usual) except? False
