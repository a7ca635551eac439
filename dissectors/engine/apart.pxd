"""The types of what is found in `apart.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.call cimport CallState
from dissectors.analysis.calls.table cimport Calls, fax_ends
from dissectors.analysis.streams.directory cimport Directory


cdef class Apart:
    cdef public tuple ends, flows, media, shared
    cdef public list joined, streams
    cdef public bint plain


cpdef bint was_meanwhile(object state, long long start, long long end, object recent) except? False

@cython.locals(found=Apart, pair=tuple)
cpdef Apart apart(CallState call, Calls calls, Directory directory, object scanner, object recent)
