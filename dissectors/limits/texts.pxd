"""The types of what is kept in `texts.py` when it is compiled."""

cimport cython

from dissectors.limits.budget cimport Bounds, Budget

cdef Py_ssize_t EMPTY_TEXT_OCTETS, MAX_COMPARED


cdef class Kept:
    cdef public object value
    cdef public Py_ssize_t octets, holders


cdef class Together:
    cdef public tuple members


cdef class Texts(Budget):
    cdef public Bounds _bounds
    cdef public dict kept
    cdef public bint secrets

    @cython.locals(shared=Kept)
    cpdef object text(self, str text, Py_ssize_t longest=*)

    @cython.locals(shared=Kept)
    cpdef object value(self, object value, Py_ssize_t octets)

    @cython.locals(shared=Kept)
    cpdef object join(self, Together group)

    cpdef Py_ssize_t _taken(self, Py_ssize_t octets)
    cpdef Py_ssize_t alone(self, str text)

    @cython.locals(shared=Kept)
    cpdef object release(self, object values)


cdef class Held:
    cdef public Texts _texts
    cdef public list _values
    cdef public Py_ssize_t _alone
    cdef public str _whole
    cdef public bint secrets

    @cython.locals(shared=Kept)
    cpdef object text(self, str text)

    @cython.locals(at=Py_ssize_t, values=list)
    cpdef bint holds(self, object kept)

    cpdef object value(self, object value, Py_ssize_t octets)

    @cython.locals(shared=Kept)
    cpdef bint together(self, Together group)

    cpdef object join(self, Together group)
    cpdef object whole(self, str text)


cpdef Py_ssize_t weight(str text)

@cython.locals(length=Py_ssize_t, text=str)
cpdef Py_ssize_t length_of(tuple texts)
