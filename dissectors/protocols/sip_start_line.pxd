"""The functions of `sip_start_line.py` that are called without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered

cdef dict METHOD_NAMES


cdef class StartLine:
    cdef readonly object method, uri, status, reason, version


cdef Remembered _usual_status

@cython.locals(first=Py_ssize_t, last=Py_ssize_t)
cpdef StartLine usual_start_line(str line)
