"""The types of what is collected in `traits.py` when it is compiled."""

cimport cython


@cython.locals(found=set, asked=dict, accepted=list, acknowledged=list, places=set, ways=set)
cpdef object traits_of(object call, object streams=*, object media=*)
