"""The functions of `messages.py` that call one another without the interpreter when it is compiled."""

from dissectors.limits.texts cimport Held


cpdef object identity_of(object message)
cpdef object shown(object text, Held held)
cpdef bint has_credentials(object message)
cpdef tuple _deciding(object message, object names, Held held)
cpdef object _meaning(object message, object name, Held held)
cpdef object _body(object message, Held held)
cpdef object _sizes(object sent, object message, object names)
