"""The types of what is joined in `joining.py` when it is compiled."""

cimport cython


cpdef tuple ends_of(object one)

@cython.locals(receiver=str, sender=str)
cpdef tuple fragments(str username)


@cython.final
cdef class Joining:
    cdef dict _parent

    @cython.locals(parent=dict)
    cpdef object find(self, object key)
    cpdef object join(self, object one, object other)
