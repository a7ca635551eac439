"""The functions of `sdp_lines.py` that are called without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sdp_attributes cimport number

cdef Remembered _known_attributes

cpdef object attribute(str value)

@cython.locals(words=list)
cpdef object origin(str value)
