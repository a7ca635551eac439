from cython cimport final
from libc.stdint cimport uint64_t

from dissectors.mux.compiled.flows cimport Wire


@final
cdef class Plain:
    cdef Wire wire
    cdef Py_ssize_t start, captured, length
    cdef int tags
    cdef unsigned char[::1] tunnels
    cdef bint open(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t size, int link) except -1
    cdef bint ipv4(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held) except -1
    cdef bint ipv6(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held) except -1
    cdef bint udp(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held, Py_ssize_t end) except -1
