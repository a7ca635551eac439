"""The functions of `sip.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.protocols.sip_headers cimport first_values, number, usual_headers
from dissectors.protocols.sip_message cimport cseq
from dissectors.protocols.sip_start_line cimport StartLine, usual_start_line

cdef tuple _MANDATORY


@cython.locals(
    at=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t, first=dict, headers=tuple, names=list, notes=list, size=Py_ssize_t,
    start_line=StartLine, usual=tuple, whole=bint
)
cpdef object _read(bytes payload, Py_ssize_t start, object limits)

@cython.locals(end=Py_ssize_t, first=dict, headers=tuple, lines=list, start_line=StartLine)
cpdef tuple _usual_head(bytes payload, Py_ssize_t begin, list names)

cpdef tuple _head(bytes payload, Py_ssize_t begin, list notes)
cpdef tuple _first_line(object block, Py_ssize_t begin)
cpdef tuple _headers(object block, list notes)
cpdef tuple _labels(tuple headers)
cpdef object _length(object value, Py_ssize_t left, list notes)
cpdef tuple _parts(str kind, object body, object limits, list notes)

@cython.locals(counted=tuple, name=str, written=str)
cpdef object _note_oddities(dict first, object method, bint whole, list notes)

cpdef object _note_octets(object block, list notes)
cpdef tuple _bounded(list notes)
