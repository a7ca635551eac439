"""Frames without surprises: a link layer, VLAN tags, IPv4 or IPv6 whole and without extensions, UDP that is no tunnel.

Whatever else a frame may be, `open` says no and `wire.frames` reads it.
"""
from dissectors.wire.tunnels import TUNNELS

cdef enum:
    IPV4 = 0x0800
    IPV6 = 0x86DD
    VLAN = 0x8100
    PROVIDER = 0x88A8
    MOST_TAGS = 4


cdef class Plain:
    """The one datagram of the frame that was opened last: its 5-tuple, and where its payload is.

    `captured` octets of the payload are there, `length` is what UDP claims; `tags` counts VLAN tags.
    """

    def __init__(self):
        ports = bytearray(0x10000)
        for port in TUNNELS:
            ports[port] = 1
        self.tunnels = ports

    cdef bint open(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t size, int link) except -1:
        cdef Py_ssize_t held = at + size
        cdef int kind
        self.tags = 0
        if link == 1:
            if size < 14:
                return False
            kind, at = u16(octets, at + 12), at + 14
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
            kind = IPV4 if octets[at] >> 4 == 4 else IPV6 if octets[at] >> 4 == 6 else 0
        else:
            return False
        while kind == VLAN or kind == PROVIDER:
            self.tags += 1
            if at + 4 > held or self.tags > MOST_TAGS:
                return False
            kind, at = u16(octets, at + 2), at + 4
        if kind == IPV4:
            return self.ipv4(octets, at, held)
        return kind == IPV6 and self.ipv6(octets, at, held)

    cdef bint ipv4(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held) except -1:
        cdef Py_ssize_t header, total
        if at + 20 > held:
            return False
        header, total = (octets[at] & 0x0F) * 4, u16(octets, at + 2)
        if (
            octets[at] >> 4 != 4 or header < 20 or at + header > held or total < header
            or u16(octets, at + 6) & 0x3FFF or octets[at + 9] != 17
        ):
            return False
        self.wire.src_high = self.wire.dst_high = 0
        self.wire.src_low, self.wire.dst_low = u32(octets, at + 12), u32(octets, at + 16)
        self.wire.ports = <uint64_t> 4 << 32
        return self.udp(octets, at + header, min(held, at + total), at + total)

    cdef bint ipv6(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held) except -1:
        cdef Py_ssize_t length
        if at + 40 > held:
            return False
        length = u16(octets, at + 4)
        if octets[at] >> 4 != 6 or not length or octets[at + 6] != 17:
            return False
        self.wire.src_high, self.wire.src_low = u64(octets, at + 8), u64(octets, at + 16)
        self.wire.dst_high, self.wire.dst_low = u64(octets, at + 24), u64(octets, at + 32)
        self.wire.ports = <uint64_t> 16 << 32
        return self.udp(octets, at + 40, min(held, at + 40 + length), at + 40 + length)

    cdef bint udp(self, const unsigned char[::1] octets, Py_ssize_t at, Py_ssize_t held, Py_ssize_t end) except -1:
        cdef uint64_t sport, dport
        cdef Py_ssize_t length
        if at + 8 > held:
            return False
        sport, dport, length = u16(octets, at), u16(octets, at + 2), u16(octets, at + 4)
        if length < 8 or length > end - at or self.tunnels[sport] or self.tunnels[dport]:
            return False
        self.wire.ports |= sport << 16 | dport
        self.start = at + 8
        self.length = length - 8
        self.captured = min(held, at + length) - self.start
        return True


cdef inline int u16(const unsigned char[::1] octets, Py_ssize_t at) except -1:
    return octets[at] << 8 | octets[at + 1]


cdef inline uint64_t u32(const unsigned char[::1] octets, Py_ssize_t at) except? 1:
    return <uint64_t> octets[at] << 24 | octets[at + 1] << 16 | octets[at + 2] << 8 | octets[at + 3]


cdef inline uint64_t u64(const unsigned char[::1] octets, Py_ssize_t at) except? 1:
    return u32(octets, at) << 32 | u32(octets, at + 4)
