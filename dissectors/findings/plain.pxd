"""The types of what is counted in `plain.py` when it is compiled."""

cimport cython


@cython.locals(
    largest=cython.longlong, octets=cython.longlong, packets=cython.longlong, smallest=cython.longlong,
    step=cython.longlong,
)
cpdef object plain_frame_ms(object counters, object joined, object keyed, object known)
