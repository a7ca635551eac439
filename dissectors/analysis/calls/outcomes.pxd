"""The types of what is kept in `outcomes.py` when it is compiled."""


cdef class Cancelling:
    cdef public object asked
    cdef public bint accepted


cdef class Registering:
    cdef public bint credentials
    cdef public object challenged
    cdef public Py_ssize_t unheeded

    cpdef object feed(self, Py_ssize_t status, object sequence)
    cpdef object outcome(self, object status)


cpdef bint was_cancelled(Cancelling cancelling, object status, object time)
