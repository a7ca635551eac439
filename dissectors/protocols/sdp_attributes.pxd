"""The functions of `sdp_attributes.py` that are called without the interpreter when it is compiled."""

cpdef object number(str text, object below=*)
