"""The types of what is kept in `table.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.call cimport CallState
from dissectors.analysis.calls.carried cimport Carried
from dissectors.analysis.calls.unread cimport Unread
from dissectors.mux.entry cimport Entry
from dissectors.protocols.sip_message cimport Identity

cdef Py_ssize_t UNREAD_OCTETS


cdef class Calls:
    cdef public Py_ssize_t limit, max_finished, _met, _unread
    cdef public object bounds, changed, descriptions, retired, retired_media, retired_signalling, texts
    cdef public object _begins, _recently_retired, limits
    cdef public dict calls, _counted
    cdef public list _results
    cdef public set _kept_for_errors
    cdef public tuple _ranked

    cpdef tuple take(self, object datagram, tuple messages)

    @cython.locals(call=CallState, carried=Carried, identity=Identity)
    cpdef tuple feed(self, object datagram, object message)

    cpdef object _note(self, object call_id)

    @cython.locals(rank=Py_ssize_t)
    cpdef object _rank(self, CallState call)

    cpdef object hold(self, Entry entry, object usual)
    cpdef object _begun_unread(self, Entry entry, object usual)

    cpdef object _stay_unread(self, Unread unread, Entry entry)

    cpdef object _stand(self, object call_id, object before, object rank)
    cpdef CallState open(self, object call)
    cpdef CallState _opened(self, object unread)
    cpdef CallState _begun(self, object call_id, object kind, object time, bint returned, object number, object signalling)
    cpdef bint remembers(self, object endpoint)
    cpdef object retire(self, object call)
    cpdef object let_go(self, object call)
    cpdef tuple _count(self, object counts, object call_id, tuple result, bint invited)
    cpdef object _remember_endpoints(self, object call)
    cpdef object remember_signalling(self, object start, object end, object signalled)


cpdef dict fax_ends(CallState call)
