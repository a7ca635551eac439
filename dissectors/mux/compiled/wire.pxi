# A 5-tuple as numbers, and how such numbers are mixed.

cdef Wire on_the_wire(bytes src, uint64_t sport, bytes dst, uint64_t dport) except *:
    """A 5-tuple as five numbers; the length of the addresses stands beside the ports."""
    cdef Wire wire
    in_two(src, &wire.src_high, &wire.src_low)
    in_two(dst, &wire.dst_high, &wire.dst_low)
    wire.ports = (<uint64_t> len(src)) << 32 | sport << 16 | dport
    return wire


cdef int in_two(bytes address, uint64_t *high, uint64_t *low) except -1:
    """An address as two numbers, its last octet the lowest one."""
    cdef const unsigned char *octets = <const unsigned char *> PyBytes_AS_STRING(address)
    cdef Py_ssize_t at
    high[0] = low[0] = 0
    for at in range(min(len(address), 16)):
        high[0] = high[0] << 8 | low[0] >> 56
        low[0] = low[0] << 8 | octets[at]
    return 0


cdef extern from *:
    """
    /* A product of which the upper half is folded into the lower: each bit of either moves half of the bits. */
    static inline uint64_t folded(uint64_t one, uint64_t other) {
    #if defined(__SIZEOF_INT128__)
        __uint128_t product = (__uint128_t) one * other;
        return (uint64_t) product ^ (uint64_t) (product >> 64);
    #else
        one = (one ^ one >> 33) * 0xFF51AFD7ED558CCDULL ^ other;
        one = (one ^ one >> 33) * 0xC4CEB9FE1A85EC53ULL;
        return one ^ one >> 33;
    #endif
    }
    """
    uint64_t folded(uint64_t one, uint64_t other) noexcept nogil


cdef inline Wire ordered(const Wire *wire) noexcept:
    """A 5-tuple with the lesser end first."""
    cdef Wire ends = wire[0]
    cdef uint64_t sport = wire.ports >> 16 & 0xFFFF, dport = wire.ports & 0xFFFF
    cdef bint larger = sport > dport
    if wire.src_high != wire.dst_high:
        larger = wire.src_high > wire.dst_high
    elif wire.src_low != wire.dst_low:
        larger = wire.src_low > wire.dst_low
    if larger:
        ends.src_high, ends.dst_high = wire.dst_high, wire.src_high
        ends.src_low, ends.dst_low = wire.dst_low, wire.src_low
        ends.ports = wire.ports >> 32 << 32 | dport << 16 | sport
    return ends


cdef inline uint64_t mixed(const Wire *wire, uint64_t secret, uint64_t other) noexcept:
    """A hash of a 5-tuple; that of its way back differs in the last bit alone."""
    cdef uint64_t one = wire.src_low << 16 | (wire.ports >> 16 & 0xFFFF)
    cdef uint64_t two = wire.dst_low << 16 | (wire.ports & 0xFFFF)
    if wire.ports >> 32 != 4:
        one = folded(wire.src_high ^ secret, wire.src_low ^ other) ^ (wire.ports >> 16 & 0xFFFF)
        two = folded(wire.dst_high ^ secret, wire.dst_low ^ other) ^ (wire.ports & 0xFFFF)
    if one > two:
        return folded(two ^ secret, one ^ other) | 1
    return folded(one ^ secret, two ^ other) & ~(<uint64_t> 1)


cdef inline bint same_wire(const Wire *one, const Wire *other) noexcept:
    return (
        one.src_low == other.src_low and one.dst_low == other.dst_low and one.ports == other.ports
        and one.src_high == other.src_high and one.dst_high == other.dst_high
    )


cdef bytes address_of(uint64_t high, uint64_t low, bint short):
    """An address as it stands on the wire."""
    cdef unsigned char[16] octets
    cdef int at
    for at in range(8):
        octets[at], octets[8 + at] = high >> 8 * (7 - at) & 0xFF, low >> 8 * (7 - at) & 0xFF
    if short:
        return PyBytes_FromStringAndSize(<const char *> octets + 12, 4)
    return PyBytes_FromStringAndSize(<const char *> octets, 16)
