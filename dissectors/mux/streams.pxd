"""The functions of `streams.py` whose values have types when it is compiled."""

from dissectors.limits.table cimport leave


cpdef list _found(object table, dict groups, object group)
cpdef tuple _only(object group)
