"""A ring's block as Enhanced Packet Blocks of a pcapng file, copied once: what the compiled scan reads and a file keeps.

The twin of `Ring.records`, of `order.Order` and of what `keep` writes.
"""
from cpython.bytearray cimport PyByteArray_FromStringAndSize
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef enum:
    HEAD = 48
    SENDER = 20
    INDEX_AT = 4
    COOKED = 20
    TAG = 4
    EPB = 6
    BEFORE = 28
    AROUND = 32
    VLAN_VALID = 0x10
    TPID_VALID = 0x40
    DEFAULT_TPID = 0x8100
    OUTGOING = 4
    SIZES = 10
    UDP_DATAGRAMS = 5
    MOST_HEADERS = 128
    MOST_JOINED = 131072
    LOOPBACK = 772
    MOST_PARTS = 64

cdef int64_t NEVER = 0x7FFFFFFFFFFFFFFF

cdef struct Head:
    uint32_t step, sec, nsec, captured, original, status
    uint16_t mac, net
    uint32_t hash, tci
    uint16_t tpid

cdef struct Sender:
    uint16_t family, protocol
    int index
    uint16_t hardware
    unsigned char kind, size
    unsigned char[8] address


def octets(const unsigned char[::1] block not None, bint cooked, uint32_t interface=0, dict numbers=None, apart=None):
    """The blocks of every frame of a block from `Ring.take`, and how many they are; raises IndexError beyond its end.

    They are of the `interface` of this number; where several share a ring, of the one that `numbers` has for its index.
    `cooked` frames have no link layer of their own and get that of LINUX_SLL2. With `apart`, as of a ring, the kernel
    says of frames with several datagrams how long these are, and `apart` gives the single ones.
    """
    cdef Head head
    cdef Py_ssize_t at, size = block.shape[0], place = 0, kept, extra
    cdef uint32_t packets, i, step, found = 0
    cdef int index, last = -1
    cdef const unsigned char[::1] part
    if size < 48:
        raise IndexError("no head")
    memcpy(&packets, &block[12], 4)
    memcpy(&i, &block[16], 4)
    # Octets are added in front of a frame's own, and behind them to fill up 32 bits.
    extra = single(block, i, packets) if apart is not None else 0
    room = PyByteArray_FromStringAndSize(NULL, size + extra + <Py_ssize_t>packets * (AROUND + COOKED + TAG + 3))
    cdef unsigned char[::1] out = room
    at = i
    for i in range(packets):
        if at < 0 or at + HEAD + SENDER > size:
            raise IndexError("a frame begins beyond its block")
        memcpy(&head, &block[at], sizeof(Head))
        if at + head.mac + <Py_ssize_t>head.captured > size:
            raise IndexError("a frame ends beyond its block")
        if numbers is not None:
            memcpy(&index, &block[at + HEAD + INDEX_AT], 4)
            if index != last:
                interface, last = numbers.get(index, 0), index
        step = size_of(block, at, head) if apart is not None else 0
        if step:
            tag = None
            if head.status & VLAN_VALID:
                tag = (head.tci, head.tpid if head.status & TPID_VALID else 0)
            whole = bytes(block[at + head.mac:at + head.mac + <Py_ssize_t>head.captured])
            for part, head.original in apart(whole, step, head.original, tag):
                kept = part.shape[0]
                if place + BEFORE + kept > out.shape[0]:
                    raise IndexError("no room")
                out[place + BEFORE:place + BEFORE + kept] = part
                place = frame(out, place, interface, head, kept, 0)
                found += 1
            at += head.step
            if head.step == 0 and i + 1 < packets:
                raise IndexError("a frame without a next one")
            continue
        kept = put(block, at, head, cooked, out, place + BEFORE)
        if kept >= 0:
            found += 1
            extra = kept - <Py_ssize_t>head.captured
            place = frame(out, place, interface, head, kept, extra)
        at += head.step
        if head.step == 0 and i + 1 < packets:
            raise IndexError("a frame without a next one")
    del out
    return bytes(memoryview(room)[:place]), found


cdef uint32_t size_of(const unsigned char[::1] block, Py_ssize_t at, Head head) except? 0xFFFFFFFF:
    """How long the datagrams of a frame are, as the kernel says before it; 0 where it holds but one."""
    cdef Py_ssize_t before = at + head.mac - SIZES
    cdef uint16_t size
    if before < at or block[before + 1] != UDP_DATAGRAMS or head.original > MOST_JOINED:
        return 0
    memcpy(&size, &block[before + 4], 2)
    return size


cdef Py_ssize_t single(const unsigned char[::1] block, Py_ssize_t at, uint32_t packets) except -1:
    """How much more room the single frames may take of those that hold several datagrams."""
    cdef Head head
    cdef Py_ssize_t more = 0, size = block.shape[0]
    cdef uint32_t i, step
    for i in range(packets):
        if at < 0 or at + HEAD + SENDER > size:
            break
        memcpy(&head, &block[at], sizeof(Head))
        if at + head.mac + <Py_ssize_t>head.captured > size or head.step == 0:
            break
        step = size_of(block, at, head)
        if step:
            more += (<Py_ssize_t>head.original // step + 1) * (AROUND + MOST_HEADERS + TAG + 3)
        at += head.step
    return more


def merged(list parts not None, int64_t until):
    """Enhanced Packet Blocks of several interfaces, each of `parts` in order of time, put in order together.

    Gives those up to the time `until`, how many they are, and what is left of each part. Where times are the same the
    earlier part comes first. Raises IndexError for what is no such block.
    """
    cdef Py_ssize_t count = len(parts), i, first, size = 0, place = 0
    cdef Py_ssize_t[MOST_PARTS] at
    cdef int64_t[MOST_PARTS] times
    cdef const unsigned char[::1] octets
    cdef uint32_t found = 0, total
    if count > MOST_PARTS:
        raise IndexError("too many parts")
    for i in range(count):
        octets = parts[i]
        size += octets.shape[0]
        at[i], times[i] = 0, moment(octets, 0)
    room = PyByteArray_FromStringAndSize(NULL, size)
    cdef unsigned char[::1] out = room
    while count:
        first = 0
        for i in range(1, count):
            if times[i] < times[first]:
                first = i
        if times[first] > until:
            break
        octets = parts[first]
        # All that is earlier than the next block of any other part is copied in one visit.
        while times[first] <= until and earliest(times, count, first):
            memcpy(&total, &octets[at[first] + 4], 4)
            if total < AROUND or at[first] + <Py_ssize_t>total > octets.shape[0] or place + <Py_ssize_t>total > size:
                raise IndexError("a block ends beyond its part")
            memcpy(&out[place], &octets[at[first]], total)
            place += total
            at[first] += total
            found += 1
            times[first] = moment(octets, at[first])
    del out
    return bytes(memoryview(room)[:place]), found, [parts[i][at[i]:] for i in range(count)]


cdef inline bint earliest(int64_t* times, Py_ssize_t count, Py_ssize_t one):
    """Whether no other part comes before this one."""
    cdef Py_ssize_t i
    for i in range(count):
        if times[i] < times[one] or (times[i] == times[one] and i < one):
            return False
    return True


cdef int64_t moment(const unsigned char[::1] octets, Py_ssize_t at) except -1:
    """The time of the block at `at`, in nanoseconds; later than any where there is none."""
    cdef uint32_t high, low
    if at >= octets.shape[0]:
        return NEVER
    if at + AROUND > octets.shape[0]:
        raise IndexError("a block ends beyond its part")
    memcpy(&high, &octets[at + 12], 4)
    memcpy(&low, &octets[at + 16], 4)
    return <int64_t>(<uint64_t>(high & 0x7FFFFFFF) << 32 | low)


cdef Py_ssize_t put(const unsigned char[::1] block, Py_ssize_t at, Head head, bint cooked, unsigned char[::1] out,
                    Py_ssize_t to) except -2:
    """Copy one frame with its VLAN tag, and cooked its header; its octets, or -1 for what is not to be kept."""
    cdef Py_ssize_t start = at + head.mac, captured = head.captured, total = captured
    cdef bint tagged = head.status & VLAN_VALID != 0
    cdef uint16_t tpid = head.tpid if head.status & TPID_VALID and head.tpid else DEFAULT_TPID
    cdef Sender sender
    cdef Py_ssize_t before
    total += (TAG if tagged else 0) + (COOKED if cooked else 0)
    if to + total > out.shape[0]:
        raise IndexError("no room")
    if cooked:
        memcpy(&sender, &block[at + HEAD], SENDER)
        if sender.kind == OUTGOING and sender.hardware == LOOPBACK:
            return -1
        if tagged:
            big16(out, to, tpid)
        else:
            memcpy(&out[to], &sender.protocol, 2)
        memset(&out[to + 2], 0, 2)
        big16(out, to + 4, <uint32_t>sender.index >> 16)
        big16(out, to + 6, <uint32_t>sender.index & 0xFFFF)
        big16(out, to + 8, sender.hardware)
        out[to + 10], out[to + 11] = sender.kind, sender.size
        memcpy(&out[to + 12], &sender.address[0], 8)
        to += COOKED
        if tagged:
            big16(out, to, head.tci)
            memcpy(&out[to + 2], &sender.protocol, 2)
            to += TAG
        if captured:
            memcpy(&out[to], &block[start], captured)
        return total
    before = min(captured, 12) if tagged else 0
    if before:
        memcpy(&out[to], &block[start], before)
    if tagged:
        big16(out, to + before, tpid)
        big16(out, to + before + 2, head.tci)
        to += TAG
    if captured > before:
        memcpy(&out[to + before], &block[start + before], captured - before)
    return total


cdef Py_ssize_t frame(unsigned char[::1] out, Py_ssize_t place, uint32_t interface, Head head, Py_ssize_t kept,
                      Py_ssize_t extra) except -1:
    """Write the block around a frame that is in its place; where the next one begins."""
    cdef Py_ssize_t padding = -kept & 3, total = AROUND + kept + padding
    cdef uint64_t time = <uint64_t>head.sec * 1000000000 + head.nsec
    cdef uint32_t[7] words
    cdef uint32_t length = <uint32_t>total
    if place + total > out.shape[0]:
        raise IndexError("no room")
    words[0], words[1], words[2] = EPB, length, interface
    words[3], words[4] = <uint32_t>(time >> 32), <uint32_t>(time & 0xFFFFFFFF)
    words[5], words[6] = <uint32_t>kept, head.original + <uint32_t>extra
    memcpy(&out[place], &words[0], BEFORE)
    if padding:
        memset(&out[place + BEFORE + kept], 0, padding)
    memcpy(&out[place + total - 4], &length, 4)
    return place + total


cdef inline int big16(unsigned char[::1] out, Py_ssize_t at, uint32_t value) except -1:
    out[at], out[at + 1] = value >> 8 & 0xFF, value & 0xFF
    return 0
