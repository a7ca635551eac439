"""The types of what is counted in `sender_clock.py` when it is compiled."""

cimport cython

from dissectors.analysis.streams.rtcp cimport Clocked


@cython.locals(
    ahead=list, era=cython.double, first=Clocked, known=list, moments=list, now=cython.longlong, ntp=cython.ulonglong,
    off=cython.double, report=Clocked, said=cython.longlong, seconds=cython.double, since=cython.longlong,
    ticks=cython.double, time=cython.longlong, timestamp=cython.longlong, told=cython.bint, until=cython.longlong,
    wall=list,
)
cpdef object sender_clock(object counters, object rate, object clocked)

@cython.locals(
    at=Py_ssize_t, count=Py_ssize_t, mean=cython.double, middle=cython.double, off=cython.double,
    products=cython.double, seconds=cython.double, slope=cython.double, spread=cython.double, time=cython.double,
    value=cython.double,
)
cpdef object _slope(list times, list values)
