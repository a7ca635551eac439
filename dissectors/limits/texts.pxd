"""The types of what is kept in `texts.py` when it is compiled."""

from dissectors.limits.budget cimport Bounds, Budget


cdef class Kept:
    cdef public object value
    cdef public Py_ssize_t octets, holders


cdef class Texts(Budget):
    cdef public Bounds _bounds
    cdef public dict kept
    cdef public bint secrets

    cpdef object value(self, object value, Py_ssize_t octets)


cdef class Held:
    cdef public Texts _texts
    cdef public list _values
    cdef public Py_ssize_t _alone

    cpdef object text(self, object text)
