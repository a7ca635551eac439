# Texts where they lie in octets.

from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.string cimport memchr, memcmp

cdef struct Text:
    const char *at
    Py_ssize_t size


cdef inline object text(Text found):
    """These octets of ASCII as text."""
    return PyUnicode_DecodeASCII(found.at, found.size, NULL) if found.size else ""


cdef inline bint starts(const char *at, const char *end, const char *words, Py_ssize_t size) noexcept:
    """Whether these words stand there."""
    return end - at >= size and not memcmp(at, words, size)


cdef inline Text between(const char *at, const char *end) noexcept:
    """What lies there, without the blanks around it."""
    while at < end and (at[0] == c" " or at[0] == c"\t"):
        at += 1
    while at < end and ((end - 1)[0] == c" " or (end - 1)[0] == c"\t"):
        end -= 1
    return Text(at, end - at)


cdef inline const char *found(const char *at, const char *end, char wanted) noexcept:
    """Where that octet is; NULL where it is not."""
    return <const char *> memchr(at, wanted, end - at) if at < end else NULL


cdef inline bint is_ascii(Text said) noexcept:
    """Whether these are characters of ASCII that are printed."""
    cdef unsigned char odd = 0
    cdef Py_ssize_t at
    for at in range(said.size):
        odd |= <unsigned char> (<unsigned char> said.at[at] - 0x20) > 0x5E
    return not odd
