"""The functions of `sip_headers.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered

cdef dict _USUAL
cdef Remembered _tags, _usual_lines

cpdef object read(str line)

@cython.locals(colon=Py_ssize_t, usual=tuple, written=str)
cpdef tuple _fields(str line)

@cython.locals(found=tuple)
cpdef object _read_usual(str line)

@cython.locals(at=Py_ssize_t, headers=list, known=tuple)
cpdef tuple usual_headers(list lines, dict first, list written)

cpdef object number(str text, Py_ssize_t digits=*)
cpdef object canonical(str written)
cpdef dict first_values(tuple headers)
cpdef tuple parameters(str text)
cpdef object uri(str value)

@cython.locals(opened=Py_ssize_t, closed=Py_ssize_t, quoted=Py_ssize_t, end=Py_ssize_t)
cpdef Py_ssize_t closing(str value) except -2

cpdef object tag(str value)

@cython.locals(closed=Py_ssize_t, end=Py_ssize_t)
cpdef object _read_tag(str value)

cpdef object parameter(tuple pairs, object name)
cpdef str unquote(str text)
