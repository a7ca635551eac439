"""The types of what is kept in `negotiation.py` when it is compiled."""

from dissectors.limits.budget cimport Budget


cdef class Negotiation:
    cdef public Budget budget
    cdef public object announced, bounds
    cdef public Py_ssize_t kept
    cdef public bint facetime
    cdef public list made
    cdef public tuple _asked, _offers

    cpdef object feed(self, object datagram, object message, object identity, object side)
    cpdef object _transaction(self, object message, object identity, object side)
    cpdef object _take(
        self, object datagram, object text, object identity, object side, object transaction, object requested
    )
    cpdef object _offer(self, object transaction)
    cpdef object _on(self, object offered, object flow, object place)
    cpdef object _list(
        self, object datagram, object description, object identity, object offered, object side, object place,
        object answers, object key
    )
