"""What `sip_usual.pyx` tells those who are compiled."""

from cython cimport final
from libc.stdint cimport int64_t

include "texts.pxi"


@final
cdef class Usual:
    cdef readonly object call_id
    cdef readonly int status, method
    cdef readonly int64_t sequence
    cdef readonly bint credentials, begins, packed, timed, is_viceroy
    cdef readonly Py_ssize_t octets
    # The most that its headers may take with long names, and whether it has a compact one.
    cdef Py_ssize_t longest
    cdef bint compact
    cdef bytes payload
    # In whose octets these are.
    cdef Text sender, tag, to, via, place

    cpdef bint fits(self, Py_ssize_t octets) noexcept
    cpdef bint answers(self, Usual asked) except? False
    cpdef bint same_tags(self, Usual other) except? False
    cpdef bint is_made_by(self, Usual asked) except? False
    cpdef bint comes_back(self, Usual answer) except? False
    cpdef bint is_new(self, Usual asked) except? False
    cpdef bint passes_on(self, Usual other) except? False
    cpdef bint follows(self, Usual asked) except? False
    cdef Text description(self) noexcept
