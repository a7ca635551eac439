"""The types of what is kept in `directory.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.call cimport CallState


cdef class Entered:
    cdef public object call, start
    cdef public Py_ssize_t hosts, lines, pairs
    cdef public list places
    cdef public set signals_on


cdef class Directory:
    cdef public dict _endpoints, _entered, _hosts, _lines, _pairs, _ssrcs
    cdef public object _signalling

    @cython.locals(known=Entered)
    cpdef object update(self, object call_id, object call)

    @cython.locals(call=CallState, before=Py_ssize_t, hosts=Py_ssize_t)
    cpdef object _enter(self, Entered known)

    @cython.locals(parties=list)
    cpdef object _put(self, Entered known, CallState call, dict there, object key, object side)

    @cython.locals(parties=list, place=Py_ssize_t)
    cpdef object _remove(self, Entered known)

    @cython.locals(parties=list)
    cpdef object _nearest(self, dict there, object key, object counters)
