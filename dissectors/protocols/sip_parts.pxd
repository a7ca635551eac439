"""The functions of `sip_parts.py` that are called without the interpreter when it is compiled."""

from dissectors.limits.remembered cimport Remembered

cdef Remembered _media_types

cpdef object media_type(object value)
cpdef tuple head(bytes octets, Py_ssize_t at)
