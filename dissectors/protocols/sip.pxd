"""The functions of `sip.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sip_head cimport Head, usual_head
from dissectors.protocols.sip_headers cimport first_values, number
from dissectors.protocols.sip_message cimport Identity, identity
from dissectors.protocols.sip_start_line cimport StartLine

cdef Remembered _known_lengths


@cython.locals(
    at=Py_ssize_t, begin=Py_ssize_t, end=Py_ssize_t, first=dict, headers=tuple, notes=list, read=Head, size=Py_ssize_t,
    start_line=StartLine, told=Identity, usual=Head
)
cpdef object _read(bytes payload, Py_ssize_t start, object limits)

@cython.locals(first=dict, headers=tuple)
cpdef Head _head(bytes payload, Py_ssize_t begin, list notes)

cpdef tuple _first_line(object block, Py_ssize_t begin)
cpdef tuple _headers(object block, list notes)
cpdef tuple _labels(tuple headers, dict first)
cpdef bint _is_description(bytes octets)
cpdef object _length(object value, bytes payload, Py_ssize_t at, list notes)
cpdef tuple _parts(str kind, object body, object limits, list notes)

@cython.locals(name=str, written=str)
cpdef object _note_oddities(dict first, object method, Identity told, bint lacks, list notes)

cpdef object _note_octets(object block, list notes)
cpdef tuple _bounded(list notes)
