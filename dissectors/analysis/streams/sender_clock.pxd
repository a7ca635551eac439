"""The types of what is counted in `sender_clock.py` when it is compiled."""

cimport cython


@cython.locals(
    now=cython.longlong, ntp=cython.ulonglong, off=cython.double, seconds=cython.double, ticks=cython.double,
    time=cython.longlong, timestamp=cython.longlong,
)
cpdef object sender_clock(object counters, object rate, object clocked)

@cython.locals(
    mean=cython.double, middle=cython.double, off=cython.double, seconds=cython.double, slope=cython.double,
    time=cython.double, value=cython.double,
)
cpdef object _slope(object times, object values)
