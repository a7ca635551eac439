"""The one function of `table.py` whose values have types when it is compiled."""


cpdef object leave(dict groups, object group, object key)
