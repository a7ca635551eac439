"""The types of what is found in `talks.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.offers cimport Offer
from dissectors.analysis.calls.talk cimport Talk
from dissectors.analysis.streams.directory cimport Directory
from dissectors.engine.apart cimport Apart, was_meanwhile


cdef class Agreed:
    cdef public dict received, sent
    cdef public object lines
    cdef public frozenset payload_types
    cdef dict _codecs

    cpdef bint is_plain(self, object counters, object joined, object sender) except? False


cdef class PlainTalks:
    cdef object _trackers
    cdef dict _agreed

    @cython.locals(agreed=Agreed, found=Apart, offer=Offer)
    cpdef Apart _apart(self, Talk talk, Directory directory, object scanner, object recent)
    cpdef Apart _placed(self, Talk talk, Directory directory, object scanner)
    cpdef bint _is_told_of(self, object counters, object state) except? False
    cpdef Agreed _agreed_by(self, Talk talk)


cpdef bint _rang_soon(Talk talk) except? False
cpdef bint _is_lone(Talk talk, tuple flows, object table) except? False
cpdef bint _may_have_more(Talk talk, tuple flows, object scanner) except? False
cpdef object _stream(Talk talk, object state, object scanner, object recent)

@cython.locals(offer=Offer)
cpdef bint _is_announced(Talk talk, Py_ssize_t at, object counters, Directory directory) except? False

@cython.locals(
    accepted=cython.longlong, answered=cython.double, begun=cython.longlong, ended=cython.double, first=cython.double,
    last=cython.double, left=cython.longlong, over=cython.longlong,
)
cpdef bint _is_of_call(Talk talk, object counters) except? False
