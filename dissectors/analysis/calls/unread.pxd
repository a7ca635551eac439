"""The types of what is held in `unread.py` when it is compiled."""


cdef class Unread:
    cdef public object call_id, first, kind, last, number, rank, start
    cdef public Py_ssize_t octets
    cdef public list entries
    cdef tuple _ends

    cpdef object take(self, object entry)
    cpdef object there_and_back(self)
