"""The types of what is told apart in `sides.py` when it is compiled."""

cimport cython

from dissectors.analysis.connectivity.joining cimport fragments


@cython.final
cdef class Sides:
    cdef readonly tuple endpoints, fragments
    cdef tuple _named
    cdef dict _of

    cpdef Py_ssize_t of(self, tuple end) except -1

    @cython.locals(known=dict)
    cdef Py_ssize_t _side(self, object own, tuple src, tuple dst) except -1
    cdef object _enter(self, Py_ssize_t side, tuple end)
    cdef object _side_of(self, Py_ssize_t side, dict roles)
