"""What `sip_head.pyx` gives to those who are compiled."""

from dissectors.protocols.sip_message cimport Identity
from dissectors.protocols.sip_start_line cimport StartLine


cdef class Head:
    cdef readonly StartLine start_line
    cdef readonly tuple headers, names
    cdef readonly dict first
    cdef readonly Py_ssize_t at
    cdef readonly bint whole, complete
    cdef readonly Identity identity


cpdef Head usual_head(bytes payload, Py_ssize_t begin)
