"""The types of what is counted in `sent.py` when it is compiled."""

from dissectors.analysis.calls.unread cimport Unread

cimport cython


@cython.locals(entries=list, there=Py_ssize_t)
cpdef object _count_unread(object sent, Unread call)
