"""The functions of `masking.py` that are called without the interpreter when it is compiled."""

cimport cython

cdef tuple _BEHIND

cpdef bint may_hide(str text)

cpdef list _gates(str text)

@cython.locals(gates=list, text=str)
cpdef bytes masked(bytes octets)

@cython.locals(colon=Py_ssize_t, usual=bint)
cpdef object masked_value(str value)
