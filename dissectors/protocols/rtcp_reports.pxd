"""The types of what is counted in `rtcp_reports.py` when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered


cdef Remembered _leaving


@cython.locals(blocks=Py_ssize_t, end=Py_ssize_t, kind=Py_ssize_t, size=Py_ssize_t)
cpdef object glance(bytes payload)

cdef Py_ssize_t _end(bytes octets)
cpdef object read_sender_report(Py_ssize_t count, object body, Py_ssize_t place)
cpdef object read_receiver_report(Py_ssize_t count, object body, Py_ssize_t place)

@cython.locals(at=Py_ssize_t, blocks=list, end=Py_ssize_t)
cpdef tuple _reports(Py_ssize_t count, object body, Py_ssize_t start, Py_ssize_t place)

@cython.locals(losses=cython.longlong, dlsr=cython.longlong)
cpdef object read_block(object body, Py_ssize_t at)

@cython.locals(lost=cython.longlong)
cpdef long long cumulative(long long losses) noexcept

@cython.locals(high=cython.longlong, low=cython.longlong)
cpdef long long number_at(bytes octets, Py_ssize_t at) except -1
