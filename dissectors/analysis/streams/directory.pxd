"""The types of what is kept in `directory.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.call cimport CallState
from dissectors.analysis.calls.media_lines cimport MediaLines


cdef class Entered:
    cdef public object call, start
    cdef public Py_ssize_t hosts, lines, pairs
    cdef public list places, signals_on


cdef class Directory:
    cdef public dict _endpoints, _entered, _hosts, _lines, _pairs, _signalling, _ssrcs
    cdef public object _read

    @cython.locals(known=Entered)
    cpdef object update(self, object call_id, object call)

    cpdef bint signals_on(self, object flow)

    @cython.locals(known=Entered, party=tuple, there=dict)
    cpdef bint is_apart(self, CallState call)

    @cython.locals(known=Entered, there=dict)
    cpdef bint is_alone(self, object talk)

    @cython.locals(known=Entered)
    cpdef bint signals_alone(self, object talk)

    cpdef object join(self, object counters, object flow)

    @cython.locals(before=Py_ssize_t, call=CallState, fresh=list, hosts=Py_ssize_t)
    cpdef object _enter(self, Entered known)

    @cython.locals(at=Py_ssize_t, count=Py_ssize_t, hosts=tuple, offered=tuple)
    cpdef object _enter_talk(self, Entered known, object talk)

    @cython.locals(parties=list)
    cpdef object _put(self, Entered known, object call, dict there, object key, object side)

    @cython.locals(parties=list, place=Py_ssize_t, there=dict)
    cpdef object _remove(self, Entered known)

    @cython.locals(parties=list)
    cpdef object _nearest(self, dict there, object key, object counters, object source=*)

    @cython.locals(call=CallState, lines=MediaLines)
    cpdef object _joined(self, tuple party, object by, bint receives, object counters, object flow)


cpdef object _by(object call, object by, object sender, MediaLines lines, object counters, object flow)
cpdef object _side(CallState call, object flow)
cpdef bint _overlaps(object call, object counters)
