"""The types of what is tracked in `checks.py` when it is compiled."""

cimport cython

from dissectors.analysis.connectivity.asked cimport Asked, Named, Tally
from dissectors.analysis.connectivity.said cimport Said
from dissectors.limits.pending cimport Pending
from dissectors.limits.texts cimport Texts
from dissectors.mux.entry cimport Entry


cdef class Checks:
    cdef public object asked, _bounds
    cdef readonly Pending pending
    cdef public Texts _texts
    cdef public long long _messages

    @cython.locals(asked=Asked)
    cpdef object feed(self, object datagram, object message)

    # What a glance was at is long enough to be cut unseen, which is four times as quick.
    @cython.locals(asked=Asked, octets=cython.p_char, payload=bytes)
    cpdef object hold(self, Entry entry, Said said)

    @cython.locals(asked=Asked, new=bint)
    cdef Asked _take(self, object flow, long long time, object place, bytes transaction, Said said)

    @cython.locals(named=Named)
    cpdef object _named(self, Asked asked, object username, long long time, object place, bint new)

    @cython.locals(asked=Asked)
    cpdef Asked _asker(self, object flow, object kind, long long time, object place)

    @cython.locals(asked=Asked, found=tuple, named=Named, sent=cython.longlong, succeeded=bint, waited=tuple)
    cdef object _response(self, object flow, long long time, object place, bytes transaction, Said said)

    @cython.locals(tally=Tally)
    cpdef object _outcome(self, Asked asked, object result, long long time, object place, bint credentials)
