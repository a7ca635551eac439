"""The types of what is tracked in `call.py` when it is compiled."""

from dissectors.analysis.calls.negotiation cimport Negotiation
from dissectors.limits.texts cimport Held


cdef class CallState:
    cdef public object answered, bounds, call_id, callee, caller, cancelling, dialogs, ended, ended_by, kind, last
    cdef public object number, rank, registering, repeats, ringing, signalling, start, status
    cdef public bint heard, returned, whole
    cdef public tuple pairs, user_agents, _callees, _callers, _caller_tags
    cdef public list messages
    cdef public Held held
    cdef public Negotiation negotiation

    cpdef object feed(self, object datagram, object message, object identity)
    cpdef object _side(self, object message, object identity)
    cpdef object _place(self, object flow, object side)
    cpdef object _request(self, object time, object message, object identity, object side)
    cpdef object _response(self, object time, object message, object identity, object side)
