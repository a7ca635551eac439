"""The functions of `sdp.py` that call one another without the interpreter when it is compiled."""

cimport cython


@cython.locals(lines=list)
cpdef tuple _lines(str text, object notes)

@cython.locals(named=dict)
cpdef object _media(dict section, object connection, tuple inherited, object notes)

cpdef object _first(dict section, str wanted, object read, object notes)
