"""The functions of `masking.py` that are called without the interpreter when it is compiled."""

cimport cython

cdef tuple _BEHIND, _WRITTEN

cpdef bint may_hide(str text)

@cython.locals(gate=str, gates=tuple, sign=str)
cpdef bint _may_hide(str text)

@cython.locals(gate=bytes, small=bytes, text=str, written=str)
cpdef bytes masked(bytes octets)

@cython.locals(colon=Py_ssize_t, usual=bint)
cpdef object masked_value(str value)
