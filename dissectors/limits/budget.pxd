"""The types of what is counted in `budget.py` when it is compiled."""


cdef class Budget:
    cdef public Py_ssize_t left, refused

    cpdef Py_ssize_t take(self, Py_ssize_t octets)
    cpdef object give_back(self, Py_ssize_t octets)


cdef class Bounds:
    cdef public object hits
