"""The types of what looks at media in `media_traits.py` when it is compiled."""

cimport cython


cdef class MediaTraits:
    cdef dict _formats

    cpdef object add(
        self, set found, object call, object described, object streams, object accepted, object places
    )
    cpdef bint _is_plain(self, set found, object call, object described, object accepted, object places)
    cpdef bint _is_plain_line(self, set found, object line)
    cpdef tuple _known(self, tuple formats)

    @cython.locals(heard=list, sources=set)
    cpdef object _of_streams(self, set found, object call, object streams, dict ways)

    cpdef dict _ways(self, object described)
