"""Records of a capture that Python need not look at: they are walked here, without an object for any of them.

What a frame is, is said as the scan says it, by the same table. Whatever is unusual stops a walk, and Python goes on.
"""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from cython cimport final
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from dissectors.mux import classify
from dissectors.mux.table import ROWS, UNKNOWN_ROW
from dissectors.wire import hep
from dissectors.wire.captures import pcap, pcapng
from dissectors.wire.captures.records import MAX_RECORD_OCTETS, MAX_TIME_NS
from dissectors.wire.link import offload, segments
from dissectors.wire.link.tunnels import TUNNELS
from dissectors.wire.spec import U16, U32, AtLeast, AtMost, Between, Bits, Chain, LengthField, RtpHeader, StartLine

cdef int C_UNKNOWN_ROW = UNKNOWN_ROW

include "octets.pxi"
include "classify.pxi"
include "frames.pxi"
include "wire.pxi"
include "given_up.pxi"

cdef enum:
    MOST_ROWS = 256
    MAX_INTERFACES = 16
    EPB = 6
    RECORDS_AHEAD = 8
    SHORTEST_RECORD = 16
    MOST_FLOWS = 1 << 16
    SHORTEST_FRAME = 60
    SEVERAL = -1
    NOBODY = -2

cdef int64_t LARGEST = MAX_RECORD_OCTETS, LAST_MOMENT = MAX_TIME_NS, LARGEST_USUAL = offload.LARGEST_USUAL

cdef struct Interface:
    int link
    int64_t times
    int64_t offset
    int64_t count


cdef class Walk:
    """A walk over records where they lie, as long as each is plain and `takes` does."""

    def passed(self, walker, chunk not None, Py_ssize_t at):
        """Where in `chunk` the first record from `at` on begins that is not taken; `walker` goes on there."""
        cdef Lent lent = Lent(chunk)
        self.begin(walker.notes.packets + (lent.octets().size - at) // SHORTEST_RECORD)
        layout = walker.layout
        if type(layout) is pcap.Layout:
            at += self.pcap(lent.octets(), at, walker, layout)
        elif type(layout) is pcapng.Layout:
            at += self.pcapng(lent.octets(), at, walker, layout)
        return at

    cdef int begin(self, int64_t frames) except -1:
        """A walk begins, of no more than so many frames in all."""
        return 0

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        """Whether the record from `at` to `end` is taken, whose frame is `size` octets from `begin` on."""
        return False

    cdef Py_ssize_t pcap(self, Octets octets, Py_ssize_t at, walker, layout) except -1:
        cdef bint big = layout.big
        cdef int link = layout.link
        cdef Py_ssize_t header = layout.header, begin = at, captured
        cdef int64_t frame = walker.notes.packets, first = frame
        cdef Octets head
        while at + header <= octets.size:
            narrow(&head, octets, at, 16)
            captured = either(head, 8, big)
            ahead(octets, at + RECORDS_AHEAD * (header + captured))
            if (
                captured > LARGEST or captured > octets.size - at - header or not (captured or u64(head, 0))
                or not self.takes(octets, at, at + header, captured, at + header + captured, link, frame + 1)
            ):
                break
            frame += 1
            at += header + captured
        if frame > first:
            walker.passed(at - begin, {link: frame - first}, 0)
        return at - begin

    cdef Py_ssize_t pcapng(self, Octets octets, Py_ssize_t at, walker, layout) except -1:
        cdef bint big = layout.big
        cdef int64_t frame = walker.notes.packets, time = 0, total, captured, ticks
        cdef uint32_t number, known = 0
        cdef Py_ssize_t begin = at
        cdef Interface[MAX_INTERFACES] interfaces
        cdef Interface *interface
        cdef Octets head
        links = {}
        for each in layout.interfaces[:MAX_INTERFACES]:
            usual = each.over == 1 and 0 <= each.offset <= MAX_TIME_NS
            interfaces[known] = Interface(each.link, each.times if usual else 0, each.offset if usual else 0, 0)
            known += 1
        while at + 32 <= octets.size:
            narrow(&head, octets, at, 28)
            total, number, captured = either(head, 4, big), either(head, 8, big), either(head, 20, big)
            ahead(octets, at + RECORDS_AHEAD * total)
            if (
                either(head, 0, big) != EPB or captured > LARGEST or total & 3 or total < 32 + ((captured + 3) & ~3)
                or total > octets.size - at or number >= known or either(octets, at + total - 4, big) != total
            ):
                break
            interface = &interfaces[number]
            ticks = <int64_t> (<uint64_t> either(head, 12, big) << 32 | <uint64_t> either(head, 16, big))
            if (
                not interface.times or ticks < 0 or ticks > (LAST_MOMENT - interface.offset) // interface.times
                or not self.takes(octets, at, at + 28, captured, at + total, interface.link, frame + 1)
            ):
                break
            time = ticks * interface.times + interface.offset
            interface.count += 1
            frame += 1
            at += total
        for number in range(known):
            if interfaces[number].count:
                links[interfaces[number].link] = links.get(interfaces[number].link, 0) + interfaces[number].count
        if links:
            walker.passed(at - begin, links, time)
        return at - begin


@final
cdef class Sieve(Walk):
    """Takes what nobody asks for: `rows` are asked for, and of TCP the `connections`.

    Without these it is all of TCP but the connections that are given up.
    """

    cdef Table table
    cdef GivenUp given_up
    cdef bint[MOST_ROWS] asked
    cdef set connections

    def __init__(self, rows, connections=None):
        self.table, self.given_up = Table(), GivenUp()
        for row in rows:
            self.asked[row] = True
        if connections is not None:
            self.connections = {connection_of(ends[0], ends[1], ends[2], ends[3]) for ends in connections}

    def give_up(self, bytes src, int sport, bytes dst, int dport):
        """Take the segments of a connection from now on."""
        self.given_up.add(src, sport, dst, dport)

    def forget(self, key):
        """Leave the segments of a connection again."""
        self.given_up.forget(key)

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        cdef Plain plain
        cdef Wire ends
        cdef int row
        if opened(&plain, octets, begin, size, link):
            if plain.length > LARGEST_USUAL:
                return False
            row = self.table.match(plain.payload, plain.length)
            return row == C_UNKNOWN_ROW or not self.asked[row]
        if not in_tcp(&plain, octets, begin, size, link):
            return False
        if self.connections is None:
            return not plain.flags & SYN and self.given_up.knows(&plain.wire)
        ends = ordered(&plain.wire)
        return not self.connections or named(&ends) not in self.connections


@final
cdef class Sorter(Walk):
    """Takes what is told by flow, source or place alone, and what is nobody's; `single` has each frame's group, from 1.

    `near` gives the groups that anything of a flow may be of, but for `signalling`: such rows are of their `places`,
    which have the number of one group by frame, or -1 where it is not one. `streams` has the group by flow and SSRC of
    `media`, for flows that are near to several. `frames` counts by group.
    """

    cdef Table table
    cdef bint[MOST_ROWS] media, signalling
    cdef dict streams, flows, places
    cdef object near, single
    cdef list frames
    cdef int[::1] groups

    def __init__(self, streams, near, places, single, list frames, media, signalling):
        self.table, self.flows = Table(), {}
        self.streams = {stream_of(key[0], key[1]): number for key, number in streams.items()}
        self.near, self.places, self.single, self.frames = near, dict(places), single, frames
        for row in media:
            self.media[row] = True
        for row in signalling:
            self.signalling[row] = True

    def passed(self, walker, chunk not None, Py_ssize_t at):
        """As that of any walk."""
        try:
            return Walk.passed(self, walker, chunk, at)
        finally:
            # What is looked at cannot grow.
            self.groups = None

    cdef int begin(self, int64_t frames) except -1:
        cdef int64_t more = frames + 2 - len(self.single)
        if more > 0:
            self.single.frombytes(bytes(more * sizeof(int)))
        self.groups = self.single
        return 0

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        cdef Plain plain
        cdef int row, number
        if not opened(&plain, octets, begin, size, link) or plain.length > LARGEST_USUAL:
            return False
        row = self.table.match(plain.payload, plain.length)
        if row != C_UNKNOWN_ROW and self.signalling[row]:
            found = self.places.get(frame)
            if found is None:
                return True
            number = found
        else:
            flow = named(&plain.wire)
            found = self.flows.get(flow)
            number = found if found is not None else self.flow(flow, &plain.wire)
            if number == NOBODY:
                return True
            if number == SEVERAL and row != C_UNKNOWN_ROW and self.media[row] and plain.payload.size >= 12:
                number = self.streams.get(b"".join((flow, part(plain.payload, 8, 4))), SEVERAL)
        if number == SEVERAL:
            return False
        self.frames[number] += 1
        self.groups[frame] = number + 1
        return True

    cdef int flow(self, bytes flow, const Wire *wire) except *:
        """The one group that anything of a flow may be of."""
        if len(self.flows) >= MOST_FLOWS:
            self.flows.clear()
        near = self.near(written(wire))
        found = self.flows[flow] = NOBODY if not near else SEVERAL if len(near) > 1 else <int> min(near)
        return found


@final
cdef class Dealer(Walk):
    """Takes records whose frames are of one group alone, or of none of the first `groups`, by `single` from 1.

    `dealt` gives the octets by group.
    """

    cdef const int[::1] single
    cdef int groups
    cdef dict held

    def __init__(self, single, int groups):
        self.single, self.groups, self.held = single, groups, {}

    def dealt(self):
        """The records of each group since this was asked last, by its number."""
        held, self.held = self.held, {}
        return {number: b"".join(parts) for number, parts in held.items()}

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        cdef int number = self.single[frame] if frame < self.single.shape[0] else 0
        if number < 0:
            return False
        if 0 < number <= self.groups:
            parts = self.held.get(number - 1)
            if parts is None:
                parts = self.held[number - 1] = []
            (<list> parts).append(part(octets, at, end - at))
        return True


@final
cdef class Masked:
    """What becomes of a flow: its link layer, its ends, and of a source whether it is encrypted."""

    cdef bytes head, src, dst, ports
    cdef bint encrypted

    def __init__(self, bytes head, bytes src, bytes dst, bytes ports, bint encrypted):
        self.head, self.src, self.dst, self.ports, self.encrypted = head, src, dst, ports, encrypted


@final
cdef class Masker(Walk):
    """Takes media of known `streams` in frames without surprises, and makes silence of them, or noise.

    `streams` says by flow and SSRC whether they are encrypted. `link` gives another header of a link layer, `address`
    another address, `port` another port, `noise` other octets; `silence` is an octet for each payload type. Checksums are
    made anew.
    """

    cdef Table table
    cdef bint[MOST_ROWS] media
    cdef dict streams, found
    cdef object link, address, port, noise, room
    cdef bytes silence
    cdef unsigned char[::1] out
    cdef Py_ssize_t place

    def __init__(self, streams, media, link, address, port, noise, bytes silence):
        self.table, self.found = Table(), {}
        self.streams = {stream_of(key[0], key[1]): bool(value) for key, value in streams.items()}
        self.link, self.address, self.port, self.noise, self.silence = link, address, port, noise, silence
        for row in media:
            self.media[row] = True

    def passed(self, walker, chunk not None, Py_ssize_t at):
        """As that of any walk."""
        if self.room is None or len(self.room) < len(chunk):
            self.room = bytearray(len(chunk))
            self.out = self.room
        self.place = 0
        return Walk.passed(self, walker, chunk, at)

    def made(self):
        """What became of the records that were taken last."""
        return bytes(memoryview(self.room)[:self.place])

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        cdef Plain plain
        cdef Masked masked
        cdef int row, version
        cdef Py_ssize_t payload, ip, start, total, stop
        if not opened(&plain, octets, begin, size, link) or plain.length > LARGEST_USUAL:
            return False
        row = self.table.match(plain.payload, plain.length)
        if (
            row == C_UNKNOWN_ROW or not self.media[row] or plain.payload.size < 12
            or plain.payload.size != plain.length
        ):
            return False
        start = media_begins(plain.payload)
        if start < 0:
            return False
        # Of frames that hold anything else, and of options, there is more to say.
        payload = plain.payload.data - octets.data
        version = 4 if plain.wire.ports >> 32 == 4 else 6
        ip = payload - (28 if version == 4 else 48)
        total = payload - ip + plain.length
        stop = ip + total
        if ip < begin or u8(octets, ip) >> 4 != version or version == 4 and (
            u8(octets, ip) & 0x0F != 5 or <uint64_t> u32(octets, ip + 12) != plain.wire.src_low
        ):
            return False
        if (u16(octets, ip + 2) if version == 4 else u16(octets, ip + 4) + 40) != total:
            return False
        if stop != begin + size and not (link == 1 and size == SHORTEST_FRAME and stop < begin + size):
            return False
        if not alone(octets, at, begin, size, end):
            return False
        masked = self.masked(octets, begin, ip, link, &plain)
        if masked is None:
            return False
        self.write(octets, at, begin, size, end, ip, payload, start, stop, version, masked)
        return True

    cdef int write(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, Py_ssize_t ip,
        Py_ssize_t payload, Py_ssize_t start, Py_ssize_t stop, int version, Masked masked,
    ) except -1:
        """Write the record as it is now."""
        cdef unsigned char *out
        cdef Py_ssize_t first = self.place, length = stop - payload - start, addresses
        cdef Octets kept
        cdef uint32_t sum
        if end > octets.size or first + end - at > self.out.shape[0]:
            return beyond()
        out = &self.out[first]
        memcpy(out, octets.data + at, end - at)
        out += begin - at
        memcpy(out, PyBytes_AS_STRING(masked.head), ip - begin)
        out += ip - begin
        addresses = 12 if version == 4 else 8
        memcpy(out + addresses, PyBytes_AS_STRING(masked.src), PyBytes_GET_SIZE(masked.src))
        memcpy(out + addresses + PyBytes_GET_SIZE(masked.src), PyBytes_AS_STRING(masked.dst), PyBytes_GET_SIZE(masked.dst))
        memcpy(out + payload - ip - 8, PyBytes_AS_STRING(masked.ports), 4)
        if version == 4:
            out[10] = out[11] = 0
            sum = folded_words(words_of(out, 20, 0)) ^ 0xFFFF
            out[10], out[11] = sum >> 8, sum & 0xFF
        if masked.encrypted:
            noise = self.noise(part(octets, payload, stop - payload), length)
            kept = over(noise)
            if kept.size != length:
                return beyond()
            memcpy(out + payload - ip + start, kept.data, length)
        else:
            memset(out + payload - ip + start, self.silence[octets.data[payload + 1] & 0x7F], length)
        # Octets that only fill a frame up say nothing.
        memset(out + stop - ip, 0, begin + size - stop)
        out[payload - ip - 2] = out[payload - ip - 1] = 0
        sum = words_of(out + addresses, 2 * PyBytes_GET_SIZE(masked.src), 17 + stop - payload + 8)
        sum = folded_words(words_of(out + payload - ip - 8, stop - payload + 8, sum)) ^ 0xFFFF
        if sum == 0:
            sum = 0xFFFF
        out[payload - ip - 2], out[payload - ip - 1] = sum >> 8, sum & 0xFF
        self.place = first + end - at
        return 0

    cdef Masked masked(self, Octets octets, Py_ssize_t begin, Py_ssize_t ip, int link, Plain *plain):
        """What becomes of a source on a flow behind a link layer; None for one that is not known."""
        key = b"".join((part(octets, begin, ip - begin), named(&plain.wire), part(plain.payload, 8, 4)))
        found = self.found.get(key)
        if found is not None or key in self.found:
            return found
        encrypted = self.streams.get(b"".join((named(&plain.wire), part(plain.payload, 8, 4))))
        if len(self.found) >= MOST_FLOWS:
            self.found.clear()
        if encrypted is None:
            self.found[key] = None
            return None
        src, sport, dst, dport = written(&plain.wire)
        head, src, dst = self.link(link, part(octets, begin, ip - begin)), self.address(src), self.address(dst)
        if len(head) != ip - begin:
            return None
        ports = self.port(sport).to_bytes(2, "big") + self.port(dport).to_bytes(2, "big")
        made = self.found[key] = Masked(head, src, dst, ports, encrypted)
        return made


cdef Py_ssize_t media_begins(Octets payload) except -2:
    """Where the payload of RTP begins; -1 where that is not plain, or where it ends with padding."""
    cdef int first = u8(payload, 0)
    cdef Py_ssize_t at = 12 + 4 * (first & 0x0F)
    if first >> 6 != 2 or first & 0x20:
        return -1
    if first & 0x10:
        if at + 4 > payload.size:
            return -1
        at += 4 + 4 * u16(payload, at + 2)
    return at if at <= payload.size else -1


cdef bint alone(Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end) except -1:
    """Whether a record says that all of its frame was captured, and holds nothing else: no options."""
    if begin - at == 28:
        return end - at == 32 + ((size + 3) & ~3) and u32(octets, at + 20) == u32(octets, at + 24)
    return end == begin + size and u32(octets, at + 8) == u32(octets, at + 12)


cdef inline uint32_t words_of(const unsigned char *octets, Py_ssize_t size, uint32_t sum) noexcept:
    """The sum of the 16-bit words of no more than a packet's octets."""
    cdef Py_ssize_t i
    for i in range(0, size - 1, 2):
        sum += <uint32_t> octets[i] << 8 | octets[i + 1]
    if size & 1:
        sum += <uint32_t> octets[size - 1] << 8
    return sum


cdef inline uint32_t folded_words(uint32_t sum) noexcept:
    while sum >> 16:
        sum = (sum & 0xFFFF) + (sum >> 16)
    return sum


cdef inline bytes named(const Wire *wire):
    return PyBytes_FromStringAndSize(<const char *> wire, sizeof(Wire))


cdef bytes connection_of(bytes src, int sport, bytes dst, int dport):
    """A name for a connection, the same for both of its directions."""
    cdef Wire wire = on_the_wire(src, sport, dst, dport)
    cdef Wire ends = ordered(&wire)
    return named(&ends)


cdef bytes stream_of(ends, number):
    """A name for a source on a flow."""
    cdef Wire wire = on_the_wire(ends[0], ends[1], ends[2], ends[3])
    return b"".join((named(&wire), number.to_bytes(4, "big")))


cdef tuple written(const Wire *wire):
    """The ends of a flow as they are written elsewhere."""
    if wire.ports >> 32 == 4:
        src, dst = int(wire.src_low).to_bytes(4, "big"), int(wire.dst_low).to_bytes(4, "big")
    else:
        src = (int(wire.src_high) << 64 | wire.src_low).to_bytes(16, "big")
        dst = (int(wire.dst_high) << 64 | wire.dst_low).to_bytes(16, "big")
    return src, int(wire.ports >> 16 & 0xFFFF), dst, int(wire.ports & 0xFFFF)
