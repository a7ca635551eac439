"""The types of what is counted in `levels.py` when it is compiled."""

cimport cython


@cython.final
cdef class _Points:
    cdef list ticks, times


@cython.final
cdef class _Fit:
    cdef double rate, spread
    cdef list groups, offsets, starts


@cython.locals(points=_Points, straight=_Fit, fit=_Fit, suspects=list, kept=list, error=cython.double)
cpdef object levels(object counters, double nominal)

@cython.locals(doubts=list, scatter=cython.double)
cpdef object _refuted(list suspects, _Fit fit, double nominal)

@cython.locals(moved=list)
cpdef tuple _steps(list suspects, _Fit fit, Py_ssize_t count)

@cython.locals(place=Py_ssize_t, times=list, ticks=list)
cpdef _Points _those(_Points points, object kept)

@cython.locals(best=list, everything=list, fit=_Fit, order=list)
cpdef tuple _least_delayed(_Points points, list cuts, _Fit straight)

@cython.locals(some=_Points)
cpdef _Fit _through(_Points points, object kept, object cuts)

@cython.locals(
    at=Py_ssize_t, count=Py_ssize_t, middle=cython.double, mean=cython.double, spread=cython.double,
    product=cython.double, away=cython.double, rate=cython.double, start=cython.double, offsets=list,
    time=cython.double, units=cython.double,
)
cpdef _Fit _straight(list times, list ticks)

@cython.locals(free=cython.int, total=cython.double, offset=cython.double, offsets=list)
cpdef double _scatter(_Fit fit) except? -1

cpdef double _doubt(object suspect, _Fit fit, Py_ssize_t number, double nominal, double scatter) except? -2

@cython.locals(half=_Fit)
cpdef bint _even(_Points points, list kept, _Fit fit, double nominal) except -1
