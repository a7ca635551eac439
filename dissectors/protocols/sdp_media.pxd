"""The functions of `sdp_media.py` whose values have types when it is compiled."""


cpdef tuple read_all(object values, object read)
cpdef dict by_name(tuple attributes)
cpdef object rtpmaps(object values)
cpdef dict fmtps(object values)
