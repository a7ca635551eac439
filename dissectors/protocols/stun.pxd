"""The functions of `stun.py` that call one another without the interpreter when it is compiled."""

cimport cython


cpdef tuple _places(object payload, Py_ssize_t end)

@cython.locals(offset=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, places=list)
cpdef list _walk(object payload, Py_ssize_t end, Py_ssize_t align)

@cython.locals(first=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t)
cpdef tuple _attributes(object payload, list places, bint padded)

@cython.locals(type_=Py_ssize_t)
cpdef object _attribute(object payload, Py_ssize_t start, Py_ssize_t stop)

cpdef object _fingerprint_ok(object payload, list places, Py_ssize_t number)
cpdef tuple _out_of_order(list names)
