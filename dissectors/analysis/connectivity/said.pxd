"""The types of what is looked at in `said.py` when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered


cdef Py_ssize_t FINGERPRINT_OCTETS, HEADER, INTEGRITY_OCTETS


cdef class Said:
    cdef public bint answers, binding, nominates
    cdef public object kind, lifetime, mapped, relayed, request, result, role, software

    cpdef object _answer(self, object message)
    cpdef object _ask(self, object message, object values)


cdef class Glance:
    cdef public Remembered requests, answers

    # What was found to be long enough is cut unseen, which is four times as quick.
    @cython.locals(size=Py_ssize_t, end=Py_ssize_t, known=Remembered, octets=cython.p_char)
    cpdef object at(self, bytes payload)
