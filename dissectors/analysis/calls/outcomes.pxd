"""The types of what is kept in `outcomes.py` when it is compiled."""


cdef class Cancelling:
    cdef public object sequence, asked
    cdef public bint accepted

    cpdef object begin(self, object sequence)
    cpdef bint ended(self, object status, object time)


cdef class Registering:
    cdef public bint credentials
    cdef public object challenged
    cdef public Py_ssize_t unheeded

    cpdef object feed(self, Py_ssize_t status, object sequence)
    cpdef object outcome(self, object status)
