# Octets and what is read from them: the one place that follows a pointer, each read checked against the end once.

cdef struct Octets:
    const unsigned char *data
    Py_ssize_t size


cdef inline Octets over(bytes kept) noexcept:
    """The octets of an object that whoever asks keeps alive."""
    return Octets(<const unsigned char *> PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))


cdef int beyond() except -1:
    raise IndexError("octets out of bounds")


cdef inline int u8(Octets octets, Py_ssize_t at) except -1:
    if at < 0 or at >= octets.size:
        return beyond()
    return octets.data[at]


cdef inline int u16(Octets octets, Py_ssize_t at) except -1:
    if at < 0 or octets.size - at < 2:
        return beyond()
    return octets.data[at] << 8 | octets.data[at + 1]


cdef inline int64_t u32(Octets octets, Py_ssize_t at) except -1:
    if at < 0 or octets.size - at < 4:
        return beyond()
    return (
        <uint32_t> octets.data[at] << 24 | <uint32_t> octets.data[at + 1] << 16 | <uint32_t> octets.data[at + 2] << 8
        | octets.data[at + 3]
    )


cdef inline int64_t little(Octets octets, Py_ssize_t at) except -1:
    """The 32-bit number at `at`, the least octet first."""
    if at < 0 or octets.size - at < 4:
        return beyond()
    return (
        <uint32_t> octets.data[at + 3] << 24 | <uint32_t> octets.data[at + 2] << 16
        | <uint32_t> octets.data[at + 1] << 8 | octets.data[at]
    )


cdef inline int64_t either(Octets octets, Py_ssize_t at, bint big) except -1:
    return u32(octets, at) if big else little(octets, at)


cdef inline uint64_t u64(Octets octets, Py_ssize_t at) except? 1:
    return <uint64_t> u32(octets, at) << 32 | <uint64_t> u32(octets, at + 4)


cdef inline bytes part(Octets octets, Py_ssize_t at, Py_ssize_t size):
    """A copy of `size` octets from `at` on."""
    if at < 0 or size < 0 or octets.size - at < size:
        beyond()
    return PyBytes_FromStringAndSize(<const char *> octets.data + at, size)
