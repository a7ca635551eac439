"""The types of what is made in `described.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.descriptions cimport as_told, formats, lines
from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sdp cimport parse as parse_sdp
from dissectors.protocols.sdp_sections cimport read_media
from dissectors.protocols.sdp_usual cimport brief

cdef Remembered _parts


cdef class Described:
    cdef readonly object address, name, owner, username
    cdef readonly tuple bundles, deviations, lines, rtpmaps, unreadable
    cdef readonly Py_ssize_t listed


cpdef Described read(bytes octets, bint facetime, object sender)

@cython.locals(count=Py_ssize_t, deviations=tuple, found=list, listed=Py_ssize_t, many=Py_ssize_t, part=tuple, rtpmaps=list, unreadable=tuple)
cpdef Described _by_lines(tuple said, bytes octets, bint facetime, object sender)

cpdef tuple _read_part(tuple said)
cpdef Described _whole(object description, bint facetime)
