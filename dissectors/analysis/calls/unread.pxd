"""The types of what is held in `unread.py` when it is compiled."""

from libc.stdint cimport int32_t, int64_t

cimport cython

from dissectors.mux.entry cimport Entry


@cython.final
cdef class Kept:
    cdef readonly int64_t frame, identification, time
    cdef readonly int32_t file, layer
    cdef readonly object flow
    cdef readonly bytes payload


cdef class Unread:
    cdef public object call_id, kind, rank
    cdef public int64_t last, number, start
    cdef public Py_ssize_t octets
    cdef public tuple entries
    cdef tuple _ends

    cpdef object take(self, Entry entry)

    @cython.locals(entry=Kept)
    cpdef object there_and_back(self)

    @cython.locals(entry=Kept)
    cpdef Py_ssize_t count_on(self, object flow) except -1


@cython.locals(made=Kept)
cpdef Kept kept(Entry entry)
