from cython cimport final
from libc.stdint cimport int64_t, uint32_t


@final
cdef class Table:
    cdef uint32_t[::1] begins
    cdef int64_t[::1] code
    cdef list clauses
    cdef dict programs
    cdef Py_ssize_t used
    cdef int unknown
    cdef int match(
        self, const unsigned char[::1] octets, Py_ssize_t start, Py_ssize_t captured, Py_ssize_t length
    ) except -1
    cdef uint32_t program(self, int first, int second) except 0
    cdef bint holds(
        self, Py_ssize_t at, const unsigned char[::1] octets, Py_ssize_t start, Py_ssize_t captured, Py_ssize_t length
    ) except -1
    cdef bint chain(
        self, Py_ssize_t at, const unsigned char[::1] octets, Py_ssize_t start, Py_ssize_t captured, Py_ssize_t length
    ) except -1
