"""The types of what is remembered in `retired.py` when it is compiled."""


cdef class RecentlyRetired:
    cdef public object name
    cdef object _begun, _bounds, _hashes, _marks, _numbers

    cpdef object number(self, object name)
    cpdef object mark(self, object name)
    cpdef object add(self, object name, object number, object mark=*)
    cpdef Py_ssize_t _find(self, object name) except -2
    cpdef Py_ssize_t _place(self, object hashes, object key) except -1
    cpdef object _hash(self, object name)
