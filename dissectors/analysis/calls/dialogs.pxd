"""The types of what is kept in `dialogs.py` when it is compiled."""

from dissectors.limits.budget cimport Bounds
from dissectors.limits.texts cimport Held
from dissectors.protocols.sip_message cimport Identity


cdef class Dialogs:
    cdef public Bounds bounds
    cdef public Held held
    cdef public dict states
    cdef public tuple accepted

    cpdef object move(self, Identity identity, object state)
    cpdef object proceed(self, Identity identity)
    cpdef object refuse(self, Identity identity)
    cpdef bint forked_from(self, Identity identity)
    cpdef tuple _kept(self, tuple tags)
    cpdef tuple _tags(self, Identity identity)
