"""The types of what is kept in `media_lines.py` when it is compiled."""


cdef class Intervals:
    cdef public list _begins, _before, _spans


cdef class MediaLines:
    cdef public list _lines
    cdef public dict _described, _latest, _of_port, _on_hold
    cdef public bint _may_hold, several

    cpdef object find(self, object side, object port)


cpdef bint _may_hold(object line)
