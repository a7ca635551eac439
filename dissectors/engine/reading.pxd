"""The types of what is read in `reading.py` when it is compiled."""

cimport cython

from dissectors.mux.entry cimport Entry


cdef Py_ssize_t RUN_DATAGRAMS, RUN_OCTETS


cdef class Reader:
    cdef public object take, _glance, hold, _parse

    cpdef tuple read(self, Entry entry)


@cython.final
cdef class Runs:
    cdef readonly list runs
    cdef list _last
    cdef Py_ssize_t _octets

    cpdef object add(self, Entry entry, Py_ssize_t octets)


cdef class SignallingReader:
    cdef dict _readers
    cdef object _problems

    @cython.locals(alike=Runs, entry=Entry, octets=Py_ssize_t, waiting=dict, wrong=list)
    cpdef object feed(self, object batch)
    cpdef object _cut(self, Entry entry)
    cpdef object _broken(self, Entry entry, object malformed)


@cython.locals(each=tuple, entry=Entry, parsed=list)
cpdef object _read(list run, Reader reader, list wrong)
