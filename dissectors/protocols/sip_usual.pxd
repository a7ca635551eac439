"""What `sip_usual.pyx` tells those who are compiled."""

from cython cimport final
from libc.stdint cimport uint16_t, uint32_t

include "texts.pxi"

cdef extern from *:
    ctypedef bint Flag "unsigned char"


cdef struct Part:
    # Where something stands in a message, which is no larger than `LARGEST`.
    uint16_t at
    uint16_t size


@final
cdef class Usual:
    cdef bytes payload
    cdef readonly uint32_t sequence
    cdef readonly uint16_t status, octets
    # The most that its headers may take with long names, and whether it has a compact one.
    cdef uint16_t longest
    cdef Part named, sender, tag, to, via, place
    cdef readonly unsigned char method
    cdef readonly Flag credentials, begins, packed, timed, is_viceroy
    cdef Flag compact

    cpdef bint fits(self, Py_ssize_t octets) noexcept
    cpdef bint answers(self, Usual asked) except? False
    cpdef bint same_tags(self, Usual other) except? False
    cpdef bint is_made_by(self, Usual asked) except? False
    cpdef bint comes_back(self, Usual answer) except? False
    cpdef bint is_new(self, Usual asked) except? False
    cpdef bint passes_on(self, Usual other) except? False
    cpdef bint same_description(self, Usual other) except? False
    cpdef bint follows(self, Usual asked) except? False
    cdef Text description(self) noexcept
    cdef Text said(self, Part part) noexcept
