"""The functions of `sdp_sections.py` that are called without the interpreter when it is compiled."""

cimport cython

from dissectors.protocols.sdp_attributes cimport number
from dissectors.protocols.sdp_lines cimport attribute
from dissectors.protocols.sdp_media cimport by_name, fmtps, read_all, rtpmaps

cdef frozenset _TYPES


cdef class Notes:
    cdef public list texts, broken

    cpdef object unreadable(self, str text)


@cython.locals(kind=str, line=str, lines=list, offset=Py_ssize_t, raw=list)
cpdef tuple read_lines(str text, Notes notes)

@cython.locals(line=str, named=dict, words=list)
cpdef object read_section(dict section, object connection, tuple inherited, Notes notes)

cpdef tuple read_attributes(dict section)
cpdef object read_first(dict section, str wanted, object read, Notes notes)
cpdef tuple bounded(list notes)
cpdef tuple read_media(str rest)
