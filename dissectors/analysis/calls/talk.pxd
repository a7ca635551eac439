"""The types of what is held in `talk.py` when it is compiled."""

from dissectors.analysis.calls.unread cimport Unread


cdef class Offer:
    cdef public Py_ssize_t file, frame
    cdef public object owner, shape, ssrc
    cdef public tuple end
    cdef public bint is_facetime

    cpdef bint repeats(self, Offer other) except? False


cdef class Reading:
    cdef object _asks, _limits
    cdef dict _shapes

    cpdef Offer offered(self, object entry, object usual)


cdef class Talk(Unread):
    cdef public object accepted, answered, bye, challenge, ended, heard
    cdef public tuple offered
    cdef public Reading reading
    cdef public int stage
    cdef public bint calls_off, is_viceroy

    cpdef bint feed(self, object entry, object usual) except? False
    cpdef bint _request(self, object entry, object usual, bint forth) except? False
    cpdef bint _follow(self, object entry, object usual, object challenge) except? False
    cpdef bint _response(self, object entry, object usual, bint forth) except? False
