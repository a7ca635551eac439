"""The types of what is read in `reading.py` when it is compiled."""

cimport cython


cdef class Reader:
    cdef public object take, _glance, hold, _parse

    cpdef tuple read(self, object entry)


cdef class SignallingReader:
    cdef dict _readers
    cdef object _problems

    @cython.locals(alike=list, waiting=dict, wrong=list)
    cpdef object feed(self, object batch)
    cpdef object _cut(self, object entry)
    cpdef object _broken(self, object entry, object malformed)


@cython.locals(each=tuple, octets=Py_ssize_t, run=list, runs=list)
cpdef list _runs(list datagrams)

@cython.locals(parsed=list)
cpdef object _read(list run, Reader reader, list wrong)
