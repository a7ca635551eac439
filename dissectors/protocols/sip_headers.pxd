"""The functions of `sip_headers.py` that call one another without the interpreter when it is compiled."""


cpdef object canonical(str written)
cpdef dict first_values(tuple headers)
cpdef tuple parameters(str text)
cpdef object parameter(tuple pairs, object name)
cpdef str unquote(str text)
