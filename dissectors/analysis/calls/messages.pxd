"""The functions of `messages.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.analysis.calls.carried cimport Carried
from dissectors.limits.budget cimport Bounds
from dissectors.limits.remembered cimport Remembered
from dissectors.limits.texts cimport Held
from dissectors.protocols.sip_message cimport Identity
from dissectors.protocols.sip_parts cimport media_type
from dissectors.wire.masking cimport masked, masked_value

cdef Py_ssize_t EMPTY_TUPLE_OCTETS, HEADER_OCTETS, POINTER_OCTETS
cdef Remembered _remembered_names


cdef class Names:
    cdef readonly tuple written, deciding
    cdef readonly Py_ssize_t compact, longer, lost, octets, count


@cython.locals(first=dict, identity=Identity, names=Names)
cpdef object to_report(Carried carried, object again, object side, object agent, Held held, Bounds bounds)

cpdef object shown(object text, Held held)
cpdef bint has_credentials(dict first)

@cython.locals(first=dict, found=tuple, told=tuple)
cpdef tuple _deciding(Carried carried, Names names, Held held)

cpdef object _meaning(object message, object name, Held held)
cpdef object _body(Carried carried, Held held)
cpdef tuple _deviations(tuple deviations, Held held)
cpdef Names _names_of(tuple written, Py_ssize_t length)
cpdef Names _names(tuple written)

@cython.locals(after=Py_ssize_t, before=Py_ssize_t, compressed=bint, inflated=Py_ssize_t, longer=Py_ssize_t, sent=Py_ssize_t)
cpdef object _sizes(Carried carried, Names names)
