"""The functions of `sip_message.py` that are called without the interpreter when it is compiled, and what they make."""

cimport cython

from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sip_headers cimport tag

cdef Remembered _counted


cdef class Identity:
    cdef readonly object call_id, from_tag, to_tag, sequence, method, branch

    cpdef tuple _values(self)


@cython.locals(counted=tuple)
cpdef Identity identity(dict first, object method)

@cython.locals(counted=tuple)
cpdef tuple cseq(str value)

@cython.locals(first=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t, usual=bint)
cpdef object branch(str value)
