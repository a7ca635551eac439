"""The functions of `sip_message.py` that are called without the interpreter when it is compiled."""

cimport cython


@cython.locals(first=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t, usual=bint)
cpdef object branch(str value)
