"""The types of what is tracked in `call.py` when it is compiled."""

cimport cython

from dissectors.analysis.calls.carried cimport Carried
from dissectors.analysis.calls.dialogs cimport Dialogs
from dissectors.analysis.calls.messages cimport has_credentials, shown, to_report
from dissectors.analysis.calls.negotiation cimport Negotiation
from dissectors.analysis.calls.outcomes cimport Cancelling, Registering, was_cancelled
from dissectors.analysis.calls.repeats cimport Repeats
from dissectors.limits.budget cimport Bounds
from dissectors.limits.texts cimport Held
from dissectors.protocols.sip_headers cimport uri
from dissectors.protocols.sip_message cimport Identity


cdef class CallState:
    cdef public object answered, call_id, callee, caller, ended, ended_by, kind, last
    cdef public object invited, number, rank, ringing, signalling, start, status
    cdef public bint heard, returned, whole
    cdef public tuple pairs, user_agents, _callees, _callers, _caller_tags
    cdef public list messages
    cdef public Bounds bounds
    cdef public Cancelling cancelling
    cdef public Dialogs dialogs
    cdef public Held held
    cdef public Negotiation negotiation
    cdef public Registering registering
    cdef public Repeats repeats

    @cython.locals(first=dict, identity=Identity, request=bint)
    cpdef tuple feed(self, Carried carried)

    @cython.locals(pairs=tuple)
    cpdef object _place(self, object flow, object side)

    cpdef object _side(self, bint request, Identity identity, object flow)
    cpdef object _who(self, dict first)
    cpdef object came_to(self)
    cpdef object _invite(self, object sequence)
    cpdef Cancelling _cancel(self)
    cpdef Registering _register(self)

    @cython.locals(identity=Identity)
    cpdef object _request(self, Carried carried, object side)

    @cython.locals(identity=Identity, status=int)
    cpdef object _response(self, Carried carried, object side)

    cpdef object _other_response(self, object time, Identity identity, int status, object side)
    cpdef object _refused(self, object time, Identity identity, int status)


cpdef object _who(object value)
