"""The functions of `talks.py` whose values have types when it is compiled."""

from dissectors.analysis.calls.offers cimport Offer
from dissectors.analysis.calls.talk cimport Talk
from dissectors.analysis.streams.directory cimport Directory

cimport cython


cpdef bint _rang_soon(Talk talk)
cpdef object _stream(Talk talk, object state, object scanner, object recent)

@cython.locals(offer=Offer)
cpdef bint _is_announced(Talk talk, Py_ssize_t at, object counters, Directory directory)

cpdef bint _is_of_call(Talk talk, object counters, object payload_types)
