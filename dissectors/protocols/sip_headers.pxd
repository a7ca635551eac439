"""The functions of `sip_headers.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered

cdef dict SPELLINGS
cdef Remembered _tags

cpdef object read(str line)

@cython.locals(colon=Py_ssize_t, usual=tuple, written=str)
cpdef tuple fields(str line)

cpdef object number(str text, Py_ssize_t digits=*)
cpdef object canonical(str written)
cpdef dict first_values(tuple headers)
cpdef tuple parameters(str text)
cpdef object uri(str value)

@cython.locals(opened=Py_ssize_t, closed=Py_ssize_t, quoted=Py_ssize_t, end=Py_ssize_t)
cpdef Py_ssize_t closing(str value) except -2

cpdef object tag(str value)

@cython.locals(closed=Py_ssize_t, end=Py_ssize_t)
cpdef object read_tag(str value)

cpdef object parameter(tuple pairs, object name)
cpdef str unquote(str text)
