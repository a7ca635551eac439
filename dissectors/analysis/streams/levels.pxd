"""The types of what is counted in `levels.py` when it is compiled."""

cimport cython


@cython.locals(
    count=cython.int, time=cython.double, ticks=cython.double, middle=cython.double, mean=cython.double,
    spread=cython.double, product=cython.double, away=cython.double, rate=cython.double, start=cython.double,
    offsets=list,
)
cpdef object _straight(object points)


@cython.locals(free=cython.int, total=cython.double, offset=cython.double)
cpdef object _scatter(object fit)
