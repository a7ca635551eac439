"""The types of what is tracked in `checks.py` when it is compiled."""

cimport cython

from dissectors.analysis.connectivity.asked cimport Asked, Named, Tally
from dissectors.limits.texts cimport Texts


cdef class Checks:
    cdef public object asked, _bounds, _pending
    cdef public Texts _texts
    cdef public long long _messages

    @cython.locals(asked=Asked)
    cpdef object feed(self, object datagram, object message)

    @cython.locals(named=Named)
    cpdef object _named(self, Asked asked, object username, long long time, object place, bint new)

    @cython.locals(asked=Asked)
    cpdef Asked _asker(self, object flow, object kind, object time, object place)

    @cython.locals(asked=Asked, named=Named)
    cpdef object _response(self, object datagram, object message)

    @cython.locals(tally=Tally)
    cpdef object _outcome(self, Asked asked, object result, long long time, object place, bint credentials)
