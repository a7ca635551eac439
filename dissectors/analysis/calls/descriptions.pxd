"""The functions of `descriptions.py` that call one another without the interpreter when it is compiled."""

cimport cython

cpdef object formats(object media, object facetime)

@cython.locals(length=Py_ssize_t, text=str)
cpdef Py_ssize_t _length(tuple texts)

cpdef tuple lines(object description, object facetime)
cpdef object as_told(str address)
cpdef object address_of(object media, object description)
