"""The types of what is kept in `dialogs.py` when it is compiled."""

cimport cython

from dissectors.limits.budget cimport Bounds
from dissectors.limits.texts cimport Held
from dissectors.protocols.sip_message cimport Identity

cdef Py_ssize_t ENTRY, STATE
cdef dict ORDER


cdef class Dialogs:
    cdef public Bounds bounds
    cdef public Held held
    cdef public tuple _dialogs, accepted

    @cython.locals(at=Py_ssize_t, half=Py_ssize_t, ours=str, theirs=str)
    cpdef object move(self, Identity identity, object state)

    @cython.locals(at=Py_ssize_t)
    cpdef object proceed(self, Identity identity)

    @cython.locals(at=Py_ssize_t)
    cpdef object refuse(self, Identity identity)

    @cython.locals(at=Py_ssize_t)
    cpdef bint forked_from(self, Identity identity)

    @cython.locals(at=Py_ssize_t, size=Py_ssize_t, dialogs=tuple)
    cpdef Py_ssize_t _find(self, str ours, str theirs) except -2

    cpdef object _put(self, Py_ssize_t at, object ours, object theirs, object state)
    cpdef tuple _tags(self, Identity identity)
