"""The types of what is kept in `repeats.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.carried cimport Carried
from dissectors.limits.budget cimport Bounds
from dissectors.protocols.sip_message cimport Identity

cdef Py_ssize_t ENTRY_OCTETS, KEY_OCTETS, MAX_FEW
cdef long long MET_BITS


cdef class Repeats:
    cdef public Py_ssize_t limit
    cdef public bytes _few
    cdef public Bounds bounds
    cdef public dict _last
    cdef public unsigned long long _met

    @cython.locals(identity=Identity)
    cpdef object see(self, Carried carried)

    @cython.locals(
        at=Py_ssize_t, bit="unsigned long long", entry=bytes, few=bytes, mark="long long", size=Py_ssize_t
    )
    cpdef object _among_few(self, long long key, object time, object packet)
