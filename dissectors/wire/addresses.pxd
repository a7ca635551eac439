"""The types of what `addresses.py` has to do with when it is compiled."""

cimport cython

cdef dict _OF_IPV4
cdef tuple _WRITTEN, _ZEROS


@cython.locals(around=str, group=str, groups=str, zeros=str)
cpdef str written_address(object octets)

@cython.locals(after=list, before=list, each=str, gap=str, groups=list, head=str, tail=str)
cpdef bytes packed_address(str text)
