"""The functions of `descriptions.py` that call one another without the interpreter when it is compiled."""

from dissectors.limits.texts cimport length_of

cpdef object formats(object media, object facetime)
cpdef tuple lines(object description, object facetime)
cpdef object as_told(str address)
cpdef object address_of(object media, object description)
