"""The functions of `sdp_media.py` whose values have types when it is compiled."""


cimport cython

from dissectors.protocols.sdp_attributes cimport number


cpdef tuple read_all(object values, object read)
@cython.locals(named=dict)
cpdef dict by_name(tuple attributes)

cpdef object rtpmaps(object values)
cpdef dict fmtps(object values)
