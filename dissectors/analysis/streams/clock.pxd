"""The types of what is counted in `clock.py` when it is compiled."""

cimport cython


@cython.locals(
    count=cython.longlong, seconds=cython.double, times=cython.double, spread=cython.double, rate=cython.double,
)
cpdef object slope(object counters)
