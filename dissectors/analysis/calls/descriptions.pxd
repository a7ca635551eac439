"""The functions of `descriptions.py` that call one another without the interpreter when it is compiled."""

cimport cython

from dissectors.limits.remembered cimport Remembered
from dissectors.protocols.sdp_attributes cimport number

cdef Remembered _usual_parts


cpdef object formats(object media, object facetime)

@cython.locals(length=Py_ssize_t, text=str)
cpdef Py_ssize_t _length(tuple texts)

cpdef tuple lines(object description, object facetime, object sender=*, bint short=*)

@cython.locals(found=dict, value=str)
cpdef tuple _sources(object values)

cpdef object _told(object connection)

@cython.locals(attributes=tuple, named=dict, usual=tuple, written=tuple)
cpdef object _line(object media, object description, object facetime, object sender, bint short)

@cython.locals(said=tuple)
cpdef tuple usual_part(
    object profile, tuple written, tuple attributes, dict named, object facetime, bint short=*
)

cpdef tuple _read_usual(tuple said)
cpdef object address_of(object media, object description)
