"""The functions of `messages.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.analysis.calls.carried cimport Carried
from dissectors.limits.budget cimport Bounds
from dissectors.limits.remembered cimport Remembered
from dissectors.limits.texts cimport Held, Together, length_of
from dissectors.protocols.sip_message cimport Identity
from dissectors.protocols.sip_parts cimport media_type
from dissectors.wire.masking cimport masked, masked_value, may_hide

cdef Py_ssize_t EMPTY_TUPLE_OCTETS, HEADER_OCTETS, POINTER_OCTETS
cdef Remembered _known_headers, _remembered_names, _wordings
cdef dict FOR_STATUS, METHODS
cdef frozenset FEW_HOPS


cdef class Names:
    cdef readonly tuple deciding, labels, written
    cdef readonly dict sizes
    cdef readonly bint credentials, worded
    cdef readonly Py_ssize_t compact, longer, lost, octets, count


cdef class Wording(Together):
    cdef readonly Names names


@cython.locals(identity=Identity, known=bint, named=bint, names=Names, told=Wording)
cpdef object to_report(Carried carried, object again, object side, object agent, Held held, Bounds bounds)

cpdef Wording _wording(Carried carried, object agent)
cpdef Wording _worded(tuple said)

cpdef object shown(object text, Held held)
cpdef bint has_credentials(dict first)

@cython.locals(first=dict, found=tuple, kept=tuple, texts=tuple, told=tuple)
cpdef tuple _deciding(Carried carried, Names names, Held held)

cpdef object _also(object status, dict first)
cpdef tuple _known(tuple told, tuple values, bint secrets)

@cython.locals(at=Py_ssize_t, found=list, names=tuple, texts=list, values=tuple)
cpdef tuple _read_headers(tuple said)

cpdef object _meaning(object message, object name, Held held)
@cython.locals(octets=bytes, text=str)
cpdef object _body(Carried carried, Held held)
cpdef tuple _deviations(tuple deviations, Held held)
cpdef Names _names_of(tuple written, Py_ssize_t length)
cpdef Names _names(tuple written)

@cython.locals(
    after=Py_ssize_t, at=Py_ssize_t, before=Py_ssize_t, inflated=Py_ssize_t, longer=Py_ssize_t, name=str, sent=Py_ssize_t,
    value=str, written=str
)
cpdef object _sizes(Carried carried, Names names)

@cython.locals(known=dict)
cpdef object _known_sizes(object sent, Names names)
