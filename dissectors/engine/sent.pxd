"""The types of what is counted in `sent.py` when it is compiled."""

from dissectors.analysis.calls.unread cimport Unread

cpdef object _count_unread(object sent, Unread call)
