"""The functions of `sip.py` that call one another without the interpreter when it is compiled."""

cimport cython


@cython.locals(at=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t, first=dict, notes=list, whole=bint)
cpdef object _read(object payload, Py_ssize_t start, object limits)
cpdef tuple _first_line(object block, Py_ssize_t begin)
cpdef tuple _headers(object block, list notes)
cpdef tuple _labels(tuple headers)
cpdef object _length(object value, Py_ssize_t left, list notes)
cpdef tuple _parts(object kind, object body, object limits, list notes)
cpdef object _note_oddities(dict first, object method, bint whole, list notes)
cpdef object _note_octets(object block, list notes)
cpdef tuple _bounded(list notes)
