# Frames without surprises: a link layer, VLAN tags, IPv4 or IPv6 whole and without extensions, UDP that is no tunnel.
# Whatever else a frame may be, `opened` says no and `wire.frames` reads it.

cdef enum:
    IPV4 = 0x0800
    IPV6 = 0x86DD
    VLAN = 0x8100
    PROVIDER = 0x88A8
    MOST_TAGS = 4
    TCP = 6
    UDP = 17
    SYN = 0x02

cdef int TLS_HANDSHAKE = int.from_bytes(segments.TLS_HANDSHAKE, "big")
cdef uint64_t HEP = int.from_bytes(hep.MARK, "big")
cdef set OLD_HEP = {int.from_bytes(mark, "big") for mark in hep.OLD_MARKS}
cdef unsigned char[0x10000] IS_TUNNEL
for number in TUNNELS:
    IS_TUNNEL[number] = 1


cdef struct Wire:
    # A 5-tuple as it stands on the wire; the length of the addresses stands beside the ports.
    uint64_t src_high
    uint64_t src_low
    uint64_t dst_high
    uint64_t dst_low
    uint64_t ports


cdef struct Plain:
    # The one datagram of a frame: what was captured of its payload, whose `length` is UDP's claim.
    # Of a TCP segment `length` is IP's claim, `ends` are both addresses, `header` is TCP's without options.
    Wire wire
    Octets payload
    Octets ends
    Octets header
    Py_ssize_t length
    int64_t identification
    int tags
    int flags


cdef inline bint opened(Plain *plain, Octets octets, Py_ssize_t at, Py_ssize_t size, int link) except -1:
    """Whether the frame of `size` octets at `at` is one without surprises; `plain` then tells of its datagram."""
    cdef Py_ssize_t held = at + size
    cdef Octets head
    cdef int kind
    plain.tags = 0
    if link == 1:
        if size < 14:
            return False
        narrow(&head, octets, at, 14)
        kind, at = u16(head, 12), at + 14
    elif link == 113:
        if size < 16:
            return False
        kind, at = u16(octets, at + 14), at + 16
    elif link == 276:
        if size < 20:
            return False
        kind, at = u16(octets, at), at + 20
    elif link == 101 or link == 228 or link == 229 or link == 12:
        if size < 1:
            return False
        kind = IPV4 if u8(octets, at) >> 4 == 4 else IPV6 if u8(octets, at) >> 4 == 6 else 0
    else:
        return False
    while kind == VLAN or kind == PROVIDER:
        plain.tags += 1
        if at + 4 > held or plain.tags > MOST_TAGS:
            return False
        kind, at = u16(octets, at + 2), at + 4
    if kind == IPV4:
        return in_ipv4(plain, octets, at, held)
    return kind == IPV6 and in_ipv6(plain, octets, at, held)


cdef inline bint in_ipv4(Plain *plain, Octets octets, Py_ssize_t at, Py_ssize_t held) except -1:
    cdef Py_ssize_t header, total
    cdef Octets ip
    if at + 20 > held:
        return False
    narrow(&ip, octets, at, 20)
    header, total = (u8(ip, 0) & 0x0F) * 4, u16(ip, 2)
    if (
        u8(ip, 0) >> 4 != 4 or header < 20 or at + header > held or total < header
        or u16(ip, 6) & 0x3FFF or u8(ip, 9) != UDP
    ):
        return False
    plain.wire.src_high = plain.wire.dst_high = 0
    plain.wire.src_low, plain.wire.dst_low = u32(ip, 12), u32(ip, 16)
    plain.identification = u16(ip, 4)
    plain.wire.ports = <uint64_t> 4 << 32
    return in_udp(plain, octets, at + header, min(held, at + total), at + total)


cdef bint in_tcp(Plain *plain, Octets octets, Py_ssize_t at, Py_ssize_t size, int link) except -1:
    """Whether the frame of `size` octets at `at` is a TCP segment without surprises; `plain` then tells of it."""
    cdef Py_ssize_t held = at + size, end, header, length
    cdef Octets ip
    cdef int kind = into_ip(plain, octets, &at, held, link)
    if kind == IPV4 and at + 40 <= held:
        narrow(&ip, octets, at, 20)
        header, length = (u8(ip, 0) & 0x0F) * 4, u16(ip, 2)
        if u8(ip, 0) >> 4 != 4 or header < 20 or length < header or u16(ip, 6) & 0x3FFF or u8(ip, 9) != TCP:
            return False
        plain.wire.src_high = plain.wire.dst_high = 0
        plain.wire.src_low, plain.wire.dst_low = u32(ip, 12), u32(ip, 16)
        plain.wire.ports = <uint64_t> 4 << 32
        plain.identification = u16(ip, 4)
        narrow(&plain.ends, ip, 12, 8)
        end, at = at + length, at + header
    elif kind == IPV6 and at + 60 <= held:
        narrow(&ip, octets, at, 40)
        length = u16(ip, 4)
        if u8(ip, 0) >> 4 != 6 or not length or u8(ip, 6) != TCP:
            return False
        plain.wire.src_high, plain.wire.src_low = u64(ip, 8), u64(ip, 16)
        plain.wire.dst_high, plain.wire.dst_low = u64(ip, 24), u64(ip, 32)
        plain.wire.ports = <uint64_t> 16 << 32
        plain.identification = 0
        narrow(&plain.ends, ip, 8, 32)
        end, at = at + 40 + length, at + 40
    else:
        return False
    held = min(held, end)
    if at + 20 > held:
        return False
    narrow(&plain.header, octets, at, 20)
    plain.wire.ports |= u32(plain.header, 0)
    plain.flags = u8(plain.header, 13)
    header = (u8(plain.header, 12) >> 4) * 4
    if header < 20 or at + header > held:
        return False
    plain.length = end - at - header
    narrow(&plain.payload, octets, at + header, held - at - header)
    return True


cdef int into_ip(Plain *plain, Octets octets, Py_ssize_t *at, Py_ssize_t held, int link) except -1:
    """The EtherType of what follows the link layer and the VLAN tags, 0 where that is not plain; `at` goes there."""
    cdef Py_ssize_t begin = at[0]
    cdef int kind
    plain.tags = 0
    if link == 1 and begin + 14 <= held:
        kind, begin = u16(octets, begin + 12), begin + 14
    elif link == 113 and begin + 16 <= held:
        kind, begin = u16(octets, begin + 14), begin + 16
    elif link == 276 and begin + 20 <= held:
        kind, begin = u16(octets, begin), begin + 20
    elif (link == 101 or link == 228 or link == 229 or link == 12) and begin < held:
        kind = IPV4 if u8(octets, begin) >> 4 == 4 else IPV6 if u8(octets, begin) >> 4 == 6 else 0
    else:
        return 0
    while kind == VLAN or kind == PROVIDER:
        plain.tags += 1
        if begin + 4 > held or plain.tags > MOST_TAGS:
            return 0
        kind, begin = u16(octets, begin + 2), begin + 4
    at[0] = begin
    return kind


cdef inline bint in_ipv6(Plain *plain, Octets octets, Py_ssize_t at, Py_ssize_t held) except -1:
    cdef Py_ssize_t length
    cdef Octets ip
    if at + 40 > held:
        return False
    narrow(&ip, octets, at, 40)
    length = u16(ip, 4)
    if u8(ip, 0) >> 4 != 6 or not length or u8(ip, 6) != UDP:
        return False
    plain.wire.src_high, plain.wire.src_low = u64(ip, 8), u64(ip, 16)
    plain.wire.dst_high, plain.wire.dst_low = u64(ip, 24), u64(ip, 32)
    plain.identification = 0
    plain.wire.ports = <uint64_t> 16 << 32
    return in_udp(plain, octets, at + 40, min(held, at + 40 + length), at + 40 + length)


cdef inline bint in_udp(Plain *plain, Octets octets, Py_ssize_t at, Py_ssize_t held, Py_ssize_t end) except -1:
    cdef int64_t ports
    cdef uint64_t first
    cdef Py_ssize_t length
    cdef Octets udp
    if at + 8 > held:
        return False
    narrow(&udp, octets, at, 8)
    ports, length = u32(udp, 0), u16(udp, 4)
    if length < 8 or length > end - at or IS_TUNNEL[ports >> 16] or IS_TUNNEL[ports & 0xFFFF]:
        return False
    plain.wire.ports |= ports
    plain.length = length - 8
    narrow(&plain.payload, octets, at + 8, min(held, at + length) - at - 8)
    if plain.payload.size < 4:
        return True
    first = u32(plain.payload, 0)
    return first != HEP and ((first >> 24) - 1 > 1 or first not in OLD_HEP)
