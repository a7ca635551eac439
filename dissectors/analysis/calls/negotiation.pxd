"""The types of what is kept in `negotiation.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.carried cimport Carried
from dissectors.analysis.calls.described cimport Described, read
from dissectors.limits.budget cimport Bounds, Budget
from dissectors.protocols.sip_message cimport Identity

cdef Py_ssize_t ENTRY_OCTETS, MADE, MEDIA_OCTETS, TEXT_SHARE


cdef class Negotiation:
    cdef public Budget budget
    cdef public object announced
    cdef public Bounds bounds
    cdef public Py_ssize_t kept
    cdef public bint facetime
    cdef public tuple _asked, _made, _offers

    @cython.locals(broken=list, identity=Identity, status=int)
    cpdef tuple feed(self, Carried carried, object side)

    @cython.locals(identity=Identity)
    cpdef object _transaction(self, Carried carried, object side)

    @cython.locals(at=Py_ssize_t, described=Described, made=tuple, taken=Py_ssize_t)
    cpdef object _take(
        self, Carried carried, bytes text, object side, object transaction, bint requested
    )
    cpdef object _offer(self, object transaction)
    cpdef object _on(self, object offered, object flow, object place)

    @cython.locals(at=Py_ssize_t, identity=Identity, lines=tuple)
    cpdef object _list(
        self, Carried carried, Described described, object offered, object side, object answers, object key
    )


cpdef Py_ssize_t _weight(bytes text, Described described)
cpdef list _texts(Carried carried)
