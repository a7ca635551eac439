"""The functions of `sdp.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.protocols.sdp_lines cimport origin
from dissectors.protocols.sdp_media cimport read_all
from dissectors.protocols.sdp_sections cimport Notes, bounded, read_attributes, read_first, read_lines, read_section
from dissectors.protocols.sdp_usual cimport usual

cpdef object parse(object text)

@cython.locals(line=tuple, lines=tuple, notes=Notes, section=dict, sections=list)
cpdef object _whole(str text)

@cython.locals(media=tuple, own=dict)
cpdef object _description(tuple lines, list sections, Notes notes)
