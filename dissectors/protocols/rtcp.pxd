"""The functions of `rtcp.py` that call one another without the interpreter when it is compiled."""

cimport cython


@cython.locals(end=Py_ssize_t, offset=Py_ssize_t, places=list)
cpdef tuple _chain(object payload)

@cython.locals(found=list, open_ended=bint)
cpdef tuple _deviations(tuple packets, bint padded)

@cython.locals(place=Py_ssize_t)
cpdef object _packet(object payload, Py_ssize_t start, Py_ssize_t end)
