"""The types of what is counted in `quality.py` when it is compiled."""

cimport cython


@cython.locals(
    best=cython.int, jitter=cython.double, known=cython.int, moments=list, rate=cython.double, time=cython.longlong,
)
cpdef tuple timeline(object counters, object clock)
