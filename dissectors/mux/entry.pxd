"""The types of what is told in `entry.py` when it is compiled."""

cimport cython


@cython.final
cdef class Entry:
    cdef readonly long long number, frame, time, length, identification
    cdef readonly int file, layer, row, protocol
    cdef readonly object flow, strength, evidence
    cdef readonly bytes payload
    cdef public bint encrypted
