"""The types of what looks at media in `media_traits.py` when it is compiled."""

cimport cython


cdef class MediaTraits:
    cdef dict _formats

    cpdef object add(self, set found, object call, object streams, object accepted, object places)
    cpdef bint _is_plain(self, set found, object call, object accepted, object places)
    cpdef bint _is_plain_line(self, set found, object line)
    cpdef tuple _known(self, tuple formats)

    @cython.locals(heard=list, sources=set, ways=dict)
    cpdef object _of_streams(self, set found, object call, object streams, bint plain)

    cpdef dict _ways(self, object call)
