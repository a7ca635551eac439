"""The functions of `sdp.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sdp_attributes cimport number
from dissectors.protocols.sdp_lines cimport attribute, origin
from dissectors.protocols.sdp_media cimport by_name, fmtps, read_all, rtpmaps

cdef Remembered _known_media
cdef dict _USUAL
cdef tuple USUAL_HEAD
cdef frozenset _TYPES


cdef class Notes:
    cdef public list texts, broken

    cpdef object unreadable(self, str text)


cpdef object parse(object text)

@cython.locals(line=tuple, lines=tuple, notes=Notes, section=dict, sections=list)
cpdef object _whole(str text)

@cython.locals(
    at=Py_ssize_t, head=str, kind=str, line=str, lines=list, media=list, parts=list, said=list
)
cpdef object _usual(str text)

@cython.locals(
    at=Py_ssize_t, attributes=tuple, kind=str, known=tuple, named=dict, others=tuple, port=str, rest=str, sources=list
)
cpdef object _usual_media(str text, object connection, list lines)

@cython.locals(line=str, said=list, values=list)
cpdef list _sources(str text)

cpdef tuple _read_media(str rest)

@cython.locals(kind=str, line=str, lines=list, offset=Py_ssize_t, raw=list)
cpdef tuple _lines(str text, Notes notes)

@cython.locals(media=tuple, own=dict)
cpdef object _description(tuple lines, list sections, Notes notes)

@cython.locals(line=str, named=dict, words=list)
cpdef object _media(dict section, object connection, tuple inherited, Notes notes)

cpdef tuple _attributes(dict section)
cpdef tuple _bounded(list notes)
cpdef object _first(dict section, str wanted, object read, Notes notes)
