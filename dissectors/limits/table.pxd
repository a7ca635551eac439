"""The functions of `table.py` whose values have types when it is compiled."""


cpdef object enter(dict groups, tuple own, object key)
cpdef object leave(dict groups, object group, object key)
