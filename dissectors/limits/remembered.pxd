"""The types of what is kept in `remembered.py` when it is compiled."""


cimport cython


@cython.final
cdef class Remembered:
    cdef public object read
    cdef public dict latest, before
    cdef dict __dict__

    cpdef object recall(self, object text)
    cpdef object _again(self, object text)
