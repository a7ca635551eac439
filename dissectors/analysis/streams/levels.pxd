"""The types of what is counted in `levels.py` when it is compiled."""

cimport cython


@cython.locals(time=cython.longlong, elapsed=cython.longlong, times=list, ticks=list)
cpdef object _points(object earliest, long long origin)


@cython.locals(
    at=Py_ssize_t, count=Py_ssize_t, middle=cython.double, mean=cython.double, spread=cython.double,
    product=cython.double, away=cython.double, rate=cython.double, start=cython.double, offsets=list,
    time=cython.double, units=cython.double,
)
cpdef object _straight(list times, list ticks)


@cython.locals(place=Py_ssize_t, times=list, ticks=list)
cpdef object _those(object points, object kept)


@cython.locals(free=cython.int, total=cython.double, offset=cython.double)
cpdef object _scatter(object fit)
