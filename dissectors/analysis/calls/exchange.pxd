"""The types of what is held in `exchange.py` when it is compiled."""


cdef class Exchange:
    cdef public object asked, call_id, first, kind, last, number, rank, start, status
    cdef public bint tried
    cdef public Py_ssize_t octets
    cdef public list entries

    cpdef object there_and_back(self)
    cpdef bint feed(self, object entry, object usual) except? False
    cpdef bint _request(self, object usual) except? False
    cpdef bint _response(self, object usual) except? False
