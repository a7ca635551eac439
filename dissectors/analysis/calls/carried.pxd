"""The types of what is kept in `carried.py` when it is compiled."""

cimport cython

from dissectors.limits.texts cimport length_of
from dissectors.protocols.sip_message cimport Identity, identity


cdef class Carried:
    cdef readonly object body, deviations, flow, length, message, method, number, parts, place, raw_body, reason
    cdef readonly object seconds, signalling, status, time, uri, words
    cdef readonly dict first
    cdef readonly tuple headers, names
    cdef readonly Identity identity


cpdef Identity identity_of(Identity found)
