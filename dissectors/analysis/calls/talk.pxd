"""The types of what is held in `talk.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.unread cimport Kept, Unread
from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_usual cimport Usual


cdef class Offer:
    cdef public Py_ssize_t file, frame
    cdef public object owner, shape, ssrc
    cdef public tuple end
    cdef public bint is_facetime

    cpdef bint repeats(self, Offer other) except? False


cdef class Reading:
    cdef object _asks, _limits
    cdef dict _shapes

    cpdef Offer offered(self, Entry entry, Usual usual)


cdef class Talk(Unread):
    cdef public object answered, ended, heard
    cdef public Usual accepted, bye, challenge
    cdef public tuple offered
    cdef public Reading reading
    cdef public int stage
    cdef public bint calls_off, is_viceroy

    @cython.locals(first=Kept)
    cpdef bint feed(self, Entry entry, Usual usual) except? False
    @cython.locals(first=Usual, accepted=Usual)
    cpdef bint _request(self, Entry entry, Usual usual, bint forth) except? False
    @cython.locals(first=Usual, offer=Offer)
    cpdef bint _follow(self, Entry entry, Usual usual, Usual challenge) except? False
    @cython.locals(before=Usual, bye=Usual, first=Usual, offer=Offer)
    cpdef bint _response(self, Entry entry, Usual usual, bint forth) except? False


cpdef Talk begun(Entry entry, Usual usual, object number, Reading reading)
