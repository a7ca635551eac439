"""The types of what waits in `pending.py` when it is compiled."""

cimport cython


cdef Py_ssize_t SPARE_PLACES


@cython.final
cdef class Pending:
    cdef object _name, _bounds
    cdef Py_ssize_t _limit, _turn
    cdef long long _due, _timeout_ns
    cdef dict _waiting
    cdef list _line

    @cython.locals(each=tuple)
    cpdef object wait(self, object key, object time, object value)

    @cython.locals(each=tuple, waiting=dict)
    cpdef bint wait_new(self, object key, object time, object value) except -1

    cpdef tuple get(self, object key)
    cpdef tuple take(self, object key)
    cpdef object clear(self)

    @cython.locals(line=list, waiting=dict)
    cdef object _line_up(self, tuple each)

    @cython.locals(line=list, each=tuple)
    cdef tuple _first(self)

    @cython.locals(first=tuple)
    cdef object _let_go(self, long long time)

    @cython.locals(first=tuple)
    cdef object _give_up(self, long long time)
