# Octets and what is read from them: the one place that follows a pointer, each read checked against the end once.

cdef extern from *:
    """
    /* Shapes that compilers know as one load, on machines of either byte order. */
    static inline uint32_t big_u32(const unsigned char *at) {
        return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | (uint32_t) at[3];
    }
    static inline uint32_t little_u32(const unsigned char *at) {
        return (uint32_t) at[3] << 24 | (uint32_t) at[2] << 16 | (uint32_t) at[1] << 8 | (uint32_t) at[0];
    }
    #if defined(__GNUC__)
    #define soon(at) __builtin_prefetch(at)
    #else
    #define soon(at)
    #endif
    """
    uint32_t big_u32(const unsigned char *at) noexcept nogil
    uint32_t little_u32(const unsigned char *at) noexcept nogil
    void soon(const void *at) noexcept nogil


cdef struct Octets:
    const unsigned char *data
    Py_ssize_t size


cdef inline Octets over(bytes kept) noexcept:
    """The octets of an object that whoever asks keeps alive."""
    return Octets(<const unsigned char *> PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))


@final
cdef class Lent:
    """The octets of any object that has some, in their place as long as this lives."""

    cdef Py_buffer buffer

    def __cinit__(self, owner):
        PyObject_GetBuffer(owner, &self.buffer, PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.buffer)

    cdef Octets octets(self) noexcept:
        return Octets(<const unsigned char *> self.buffer.buf, self.buffer.len)


cdef int beyond() except -1:
    raise IndexError("octets out of bounds")


cdef inline int narrow(Octets *window, Octets octets, Py_ssize_t at, Py_ssize_t size) except -1:
    """Let `window` be `size` octets from `at` on: checked here once, loads of constant places in it need no more."""
    window[0] = Octets(NULL, 0)
    if at < 0 or size < 0 or octets.size - at < size:
        return beyond()
    window[0] = Octets(octets.data + at, size)
    return 0


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
    return big_u32(octets.data + at)


cdef inline int64_t little(Octets octets, Py_ssize_t at) except -1:
    """The 32-bit number at `at`, the least octet first."""
    if at < 0 or octets.size - at < 4:
        return beyond()
    return little_u32(octets.data + at)


cdef inline int64_t either(Octets octets, Py_ssize_t at, bint big) except -1:
    return u32(octets, at) if big else little(octets, at)


cdef inline uint64_t u64(Octets octets, Py_ssize_t at) except? 1:
    if at < 0 or octets.size - at < 8:
        return beyond()
    return <uint64_t> big_u32(octets.data + at) << 32 | big_u32(octets.data + at + 4)


cdef inline bytes part(Octets octets, Py_ssize_t at, Py_ssize_t size):
    """A copy of `size` octets from `at` on."""
    if at < 0 or size < 0 or octets.size - at < size:
        beyond()
    return PyBytes_FromStringAndSize(<const char *> octets.data + at, size)


cdef void *room(void *kept, void *own, int fit, int count, size_t size) except NULL:
    """Room for one more than `count` of `size` octets: in `own`, where `fit` of them do, or twice as much as before.

    `fit` is a power of two, and so is every `count` at which more room is needed; one that shrank meets them again.
    """
    if count < fit:
        return own
    if count & (count - 1):
        return kept
    cdef void *larger = PyMem_Realloc(NULL if kept is own else kept, max(1, 2 * count) * size)
    if larger is NULL:
        raise MemoryError()
    if own is not NULL and kept is own:
        memcpy(larger, own, count * size)
    return larger
