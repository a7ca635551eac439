"""The types of what is joined in `sessions.py` when it is compiled."""

from dissectors.analysis.connectivity.sides cimport Sides


cpdef object failed_since(object check)
cpdef object _group(dict groups, object paths, object path)
cpdef object _join_handshakes(list all_of_them, list numbers, list streams)
cpdef object _session(
    object group, object paths, object checks, object handshakes, object streams, object calls, dict called, dict kinds
)
cpdef object _call_of(Sides sides, list asked, dict called)
cpdef object _ended(list shaken, list media, object call)
cpdef tuple _pairs(object group, object paths, Sides sides, dict kinds, list asked, list shaken, list media)
cpdef object _pair(tuple ends, Sides sides, dict kinds, list asked, list used)
cpdef object _place(object each)
cpdef object _earlier(object one, object other)
