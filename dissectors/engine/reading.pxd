"""The types of what is read in `reading.py` when it is compiled."""

cimport cython


cdef class Reader:
    cdef public object take, _glance, hold, _parse

    cpdef tuple read(self, object entry)


@cython.final
cdef class Runs:
    cdef readonly list runs
    cdef list _last
    cdef Py_ssize_t _octets

    cpdef object add(self, Py_ssize_t number, object entry, Py_ssize_t octets)


cdef class SignallingReader:
    cdef dict _readers
    cdef object _problems

    @cython.locals(alike=Runs, number=Py_ssize_t, octets=Py_ssize_t, waiting=dict, wrong=list)
    cpdef object feed(self, object batch)
    cpdef object _cut(self, object entry)
    cpdef object _broken(self, object entry, object malformed)


@cython.locals(parsed=list)
cpdef object _read(list run, Reader reader, list wrong)
