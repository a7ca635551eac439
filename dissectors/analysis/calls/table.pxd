"""The types of what is kept in `table.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.call cimport CallState


cdef class Calls:
    cdef public Py_ssize_t limit, max_finished, _met
    cdef public object bounds, changed, descriptions, retired, retired_media, retired_signalling, texts
    cdef public object _recently_retired
    cdef public dict calls
    cdef public set _kept_for_errors
    cdef public tuple _ranked

    @cython.locals(call=CallState)
    cpdef object feed(self, object datagram, object message)

    cpdef object _note(self, object call_id)

    @cython.locals(rank=Py_ssize_t)
    cpdef object _rank(self, CallState call)

    cpdef object retire(self, CallState call)
    cpdef object _remember_endpoints(self, CallState call)
