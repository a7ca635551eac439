"""The types of what is held in `talk.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.hops cimport Hop
from dissectors.analysis.calls.offers cimport Offer, Reading
from dissectors.analysis.calls.unread cimport Unread
from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_usual cimport Usual


cdef class Talk(Unread):
    cdef public object answered, ended, heard
    cdef public Usual accepted, bye, challenge, described
    cdef public tuple hops, offered
    cdef public Reading reading
    cdef public bint calls_off, is_viceroy, rang, timed

    @cython.locals(hop=Hop)
    cpdef bint feed(self, Entry entry, Usual usual) except? False
    @cython.locals(hop=Hop)
    cpdef Hop _on(self, object pair)
    @cython.locals(first=Usual, hop=Hop)
    cpdef Hop _further(self, Entry entry, Usual usual)
    @cython.locals(hop=Hop)
    cpdef bint _all_came_to(self, int stage) except? False
    @cython.locals(accepted=Usual, challenge=Usual, first=Usual)
    cpdef bint _request(self, Hop hop, Entry entry, Usual usual, bint forth) except? False
    @cython.locals(accepted=Usual, each=Hop, first=Usual)
    cpdef bint _hang_up(self, Hop hop, Entry entry, Usual usual, bint forth) except? False
    @cython.locals(first=Usual, offer=Offer)
    cpdef bint _follow(self, Hop hop, Entry entry, Usual usual) except? False
    @cython.locals(before=Usual, bye=Usual, first=Usual)
    cpdef bint _response(self, Hop hop, Entry entry, Usual usual, bint forth) except? False
    @cython.locals(rings=cython.bint)
    cpdef bint _proceed(self, Hop hop, Entry entry, Usual usual) except? False
    cpdef bint _accept(self, Entry entry, Usual usual) except? False
    @cython.locals(asked=Offer, described=Usual, offer=Offer)
    cpdef bint _take_answer(self, Entry entry, Usual usual) except? False


cpdef Talk begun(Entry entry, Usual usual, object number, Reading reading)
