"""Frames under other names, octets to octets: the compiled twin of what `rewriting.anonymous` does with plain frames.

What becomes of a value is said there, in tables and by whom is asked; here is only where values lie. Whatever else a
frame holds stops the walk, and Python goes on.
"""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cython cimport final
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from zlib import crc32

from dissectors.mux import classify
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN_ROW
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
include "records.pxi"
include "walk.pxi"

cdef enum:
    MOST_ROWS = 256
    MOST_FLOWS = 1 << 16
    MOST_TEXTS = 1 << 14
    RECENT = 1 << 10
    LONGEST_LINK = 36
    LONGEST_OPTION = 41
    TCP_HEADER = 20
    NO_OPERATION = 1
    SHORTEST_FRAME = 60
    LARGEST_MESSAGE = 0xFFFF
    EVENT_OCTETS = 4
    TLS_OCTETS = 6
    BLOCK = 28
    # Of a block of pcapng before its frame.
    STUN_HEADER = 20
    NOTHING = -1
    SEVERAL = -2

cdef int64_t LARGEST_USUAL = offload.LARGEST_USUAL
cdef int RTP = PROTOCOLS.index("RTP"), RTCP = PROTOCOLS.index("RTCP"), STUN = PROTOCOLS.index("STUN")
cdef int TURN = PROTOCOLS.index("TURN")

cdef enum Treatment:
    ASKED, KEPT, ADDRESS, XORED, TEXT, SUM


cdef struct Place:
    # Where in the octets of a capture a record lies, the frame in it, its IP header, and what UDP or TCP carries.
    Py_ssize_t at
    Py_ssize_t begin
    Py_ssize_t size
    Py_ssize_t end
    Py_ssize_t ip
    Py_ssize_t payload
    int link
    int version


cdef struct Recent:
    # A source on a flow behind a link layer; its size is one more than that has octets, 0 where there is none.
    Wire wire
    uint32_t source
    Py_ssize_t size
    unsigned char[LONGEST_LINK] head


@final
cdef class Masked:
    """What becomes of a flow: its link layer, its ends, and of a source of media whether it is encrypted."""

    cdef bytes head, src, dst, ports
    cdef bint encrypted, numbered

    def __init__(self, bytes head, bytes src, bytes dst, bytes ports):
        self.head, self.src, self.dst, self.ports = head, src, dst, ports


@final
cdef class Masker(Walk):
    """Takes plain frames with one datagram of UDP, and writes them under other names; checksums are made anew.

    Segments of TCP are cut to their headers, but for those of `connections` and with options that are not among these.
    What only looks like a protocol keeps the octets that `header` gives. Media of the streams that are `numbered`, and
    what may be an event of the types `events`, are not taken.

    `streams` says by flow and SSRC whether media are encrypted, of rows that are `media`; `others` has a number for
    each datagram that is something else, in order: its frame, layer, protocol stand from these `bits` on, and whether
    it is encrypted is the lowest. `link` gives another header of a link layer, `address` another address, `port` another port, `noise`
    other octets; `silence` has an octet for each payload type. `datagram` gives another payload by its protocol, or
    None; `attribute` and `control` do of attributes of STUN and packets of RTCP that are not among `kept_attributes`,
    `addresses`, `xored`, `fingerprint` and `kept_control`. `texts` are attributes that depend on nothing else, the
    `username` among them. What holds `blanks` alone is asked for whole. `cut` counts what was cut to its headers.
    """

    cdef Table table
    cdef bint[MOST_ROWS] media
    cdef unsigned char[0x10000] treatments
    cdef bint[256] kept_control, blanks
    cdef bint[128] events
    cdef bint[256][LONGEST_OPTION] options
    cdef set connections, numbered
    cdef dict streams, sources, flows, texts, controls
    cdef object link, address, port, noise, datagram, attribute, control, header, room
    cdef Recent[RECENT] recent
    cdef list known
    cdef bytes silence, kept
    cdef const uint64_t[::1] others
    cdef unsigned char[::1] out, fresh
    cdef Py_ssize_t place, next
    cdef int64_t last
    cdef int frame_bits, layer_bits, protocol_bits, username
    cdef uint32_t mask
    cdef readonly int64_t cut

    def __init__(
        self, *, streams, others, bits, media, bytes silence, link, address, port, noise, datagram, attribute, control,
        kept_attributes, addresses, xored, texts, int username, int fingerprint, uint32_t mask, kept_control, blanks,
        connections, options, events, numbered, header,
    ):
        self.table, self.sources, self.flows, self.texts, self.controls = Table(), {}, {}, {}, {}
        self.streams = {stream_of(key[0], key[1]): bool(value) for key, value in streams.items()}
        self.others, self.mask = others, mask
        self.frame_bits, self.layer_bits, self.protocol_bits = bits
        self.silence, self.link, self.address, self.port, self.noise = silence, link, address, port, noise
        self.datagram, self.attribute, self.control, self.header = datagram, attribute, control, header
        self.numbered = {stream_of(key[0], key[1]) for key in numbered}
        for number in events:
            self.events[number & 0x7F] = True
        for row in media:
            self.media[row] = True
        for treatment, kinds in (
            (KEPT, kept_attributes), (TEXT, texts), (ADDRESS, addresses), (XORED, xored), (SUM, (fingerprint,)),
        ):
            for kind in kinds:
                self.treatments[kind] = treatment
        self.connections = {connection_of(ends[0], ends[1], ends[2], ends[3]) for ends in connections}
        for kind, sizes in options.items():
            for size in sizes:
                self.options[kind][size] = True
        for kind in kept_control:
            self.kept_control[kind] = True
        for octet in blanks:
            self.blanks[octet] = True
        self.username, self.known = username, [None] * RECENT
        self.fresh = bytearray(2 * LARGEST_MESSAGE)

    def begin_again(self):
        """From now on frames come again from the first one."""
        self.next = self.last = self.cut = 0

    def passed(self, walker, chunk not None, Py_ssize_t at):
        """As that of any walk."""
        if self.room is None or len(self.room) < len(chunk) + LARGEST_MESSAGE:
            self.room = bytearray(len(chunk) + LARGEST_MESSAGE)
            self.out = self.room
        self.place = 0
        return Walk.passed(self, walker, chunk, at)

    def made(self):
        """What became of the records that were taken last; valid until the walk goes on."""
        return memoryview(self.room)[:self.place]

    cdef bint takes(
        self, Octets octets, Py_ssize_t at, Py_ssize_t begin, Py_ssize_t size, Py_ssize_t end, int link, int64_t frame
    ) except -1:
        cdef Plain plain
        cdef Place place
        cdef int64_t verdict
        cdef int row
        cdef bint whole
        place = Place(at, begin, size, end, 0, 0, link, 0)
        if not opened(&plain, octets, begin, size, link):
            return in_tcp(&plain, octets, begin, size, link) and self.segment(octets, &place, &plain)
        if plain.length > LARGEST_USUAL:
            return False
        verdict = self.verdict(frame)
        if verdict == SEVERAL or not placed(&place, &plain, octets):
            return False
        whole = plain.payload.size == plain.length and fills(&place, &plain, octets)
        if verdict != NOTHING:
            if verdict >> self.protocol_bits == RTP:
                return False
            return whole and self.message(octets, &place, &plain, verdict >> self.protocol_bits, verdict & 1)
        row = self.table.match(plain.payload, plain.length)
        if row == C_UNKNOWN_ROW:
            return self.cut_off(octets, &place, &plain, b"")
        masked = self.source(octets, &place, &plain) if self.media[row] and plain.payload.size >= 12 else None
        if masked is None:
            header = self.header(part(plain.payload, 0, plain.payload.size), plain.length)
            return self.cut_off(octets, &place, &plain, header)
        return whole and self.sound(octets, &place, &plain, masked)

    cdef int64_t verdict(self, int64_t frame) noexcept:
        """What is said of the datagram of a frame that holds one: its protocol, and whether it is encrypted."""
        cdef Py_ssize_t at = self.next, count = self.others.shape[0]
        cdef uint64_t place = <uint64_t> frame << (self.frame_bits - self.layer_bits)
        if frame < self.last:
            at = 0
        while at < count and <int64_t> (self.others[at] >> self.frame_bits) < frame:
            at += 1
        self.next, self.last = at, frame
        if at == count or <int64_t> (self.others[at] >> self.frame_bits) != frame:
            return NOTHING
        if self.others[at] >> self.layer_bits != place:
            return SEVERAL
        if at + 1 < count and <int64_t> (self.others[at + 1] >> self.frame_bits) == frame:
            return SEVERAL
        return self.others[at] & ((<uint64_t> 1 << self.layer_bits) - 1)

    cdef bint sound(self, Octets octets, const Place *place, const Plain *plain, Masked masked) except -1:
        """Write a frame with media: silence, or noise where they were encrypted."""
        cdef Py_ssize_t start = media_begins(plain.payload), length
        cdef unsigned char *out
        cdef Octets made
        if start < 0:
            return False
        length = plain.length - start
        if masked.numbered or self.events[plain.payload.data[1] & 0x7F] and length == EVENT_OCTETS:
            return False
        out = self.lay(octets, place, masked, plain.length)
        if out is NULL:
            return False
        memcpy(out, plain.payload.data, start)
        if masked.encrypted:
            noise = self.noise(part(plain.payload, 0, plain.length), length)
            made = over(noise)
            if made.size != length:
                return beyond()
            memcpy(out + start, made.data, length)
        else:
            memset(out + start, self.silence[plain.payload.data[1] & 0x7F], length)
        sealed(out, place, plain.length)
        return True

    cdef bint message(
        self, Octets octets, const Place *place, const Plain *plain, int protocol, bint encrypted
    ) except -1:
        """Write a frame with anything else that is known."""
        cdef Octets made = Octets(NULL, 0)
        cdef unsigned char *out
        if protocol == STUN:
            made = self.stun(plain.payload)
        elif protocol == RTCP and not encrypted:
            made = self.rtcp(plain.payload)
        elif protocol == TURN:
            made = self.turn(plain.payload)
        if made.data is NULL:
            new = self.datagram(PROTOCOLS[protocol], part(plain.payload, 0, plain.payload.size), encrypted)
            if new is None:
                return False
            self.kept = new
            made = over(self.kept)
        out = self.lay(octets, place, self.flow(octets, place, plain), made.size)
        if out is NULL:
            return False
        memcpy(out, made.data, made.size)
        sealed(out, place, made.size)
        return True

    cdef Octets stun(self, Octets payload) except *:
        """A message of STUN, attribute by attribute; none where it is to be asked for whole."""
        cdef Py_ssize_t at = STUN_HEADER, size, place = STUN_HEADER
        cdef Octets value, none = Octets(NULL, 0)
        cdef unsigned char *out = &self.fresh[0]
        cdef int kind, treatment
        if payload.size < STUN_HEADER or u16(payload, 2) + STUN_HEADER != payload.size:
            return none
        if self.blanks[u8(payload, 0)] and self.blanks[u8(payload, 1)]:
            return none
        user, header = b"", part(payload, 4, 16)
        memcpy(out, payload.data, STUN_HEADER)
        while at + 4 <= payload.size:
            kind, size = u16(payload, at), u16(payload, at + 2)
            if at + 4 + size > payload.size:
                return none
            narrow(&value, payload, at + 4, size)
            treatment = self.treatments[kind]
            if treatment == SUM:
                put(out + 2, place - STUN_HEADER + 8, 2, True)
                new = (crc32(PyBytes_FromStringAndSize(<const char *> out, place)) ^ self.mask).to_bytes(4, "big")
                value = over(new)
            elif treatment != KEPT:
                new = self.changed(kind, treatment, value, header, place, user)
                if new is None:
                    return none
                value = over(new)
                if kind == self.username:
                    user = new
            if place + 8 + value.size > LARGEST_MESSAGE:
                return none
            put(out + place, kind, 2, True)
            put(out + place + 2, value.size, 2, True)
            memcpy(out + place + 4, value.data, value.size)
            memset(out + place + 4 + value.size, 0, -value.size & 3)
            place += 4 + value.size + (-value.size & 3)
            at += 4 + size + (-size & 3)
        if at < payload.size:
            return none
        put(out + 2, place - STUN_HEADER, 2, True)
        return Octets(out, place)

    cdef bytes changed(self, int kind, int treatment, Octets value, bytes header, Py_ssize_t place, bytes user):
        """Another value of an attribute, behind what is written so far; None where there is none."""
        cdef unsigned char[20] masked
        cdef Octets mask = over(header)
        cdef Py_ssize_t i
        cdef int hidden
        octets = part(value, 0, value.size)
        if treatment == TEXT:
            found = self.texts.get(octets)
            if found is None:
                if len(self.texts) >= MOST_TEXTS:
                    self.texts.clear()
                found = self.texts[octets] = self.attribute(kind, octets, header, b"", user)
            return found
        if treatment == ASKED or value.size != 8 and value.size != 20:
            return self.attribute(
                kind, octets, header, PyBytes_FromStringAndSize(<const char *> &self.fresh[0], place), user
            )
        hidden = u16(mask, 0) if treatment == XORED else 0
        memcpy(masked, value.data, value.size)
        put(masked + 2, self.port(u16(value, 2) ^ hidden) ^ hidden, 2, True)
        for i in range(4, value.size if treatment == XORED else 0):
            masked[i] ^= mask.data[i - 4]
        moved = self.address(PyBytes_FromStringAndSize(<const char *> masked + 4, value.size - 4))
        for i in range(4, value.size):
            masked[i] = over(moved).data[i - 4] ^ (mask.data[i - 4] if treatment == XORED else 0)
        return PyBytes_FromStringAndSize(<const char *> masked, value.size)

    cdef Octets rtcp(self, Octets payload) except *:
        """A compound of RTCP, packet by packet; none where it is to be asked for whole."""
        cdef Py_ssize_t at = 0, size, told
        cdef Octets made, none = Octets(NULL, 0)
        cdef unsigned char *out = &self.fresh[0]
        cdef int kind
        if payload.size > LARGEST_MESSAGE:
            return none
        while at + 4 <= payload.size:
            size = 4 + 4 * u16(payload, at + 2)
            if u8(payload, at) >> 6 != 2 or at + size > payload.size:
                return none
            narrow(&made, payload, at, size)
            kind = u8(payload, at + 1)
            told = 8 + 20 * (kind == 200) + 24 * (u8(payload, at) & 0x1F)
            if not self.kept_control[kind] or kind < 202 and size > told:
                packet = part(payload, at, size)
                found = self.controls.get(packet)
                if found is None:
                    if len(self.controls) >= MOST_TEXTS:
                        self.controls.clear()
                    found = self.controls[packet] = self.control(packet)
                made = over(found)
                if made.size != size:
                    return none
            memcpy(out + at, made.data, size)
            at += size
        return Octets(out, at) if at == payload.size else none

    cdef Octets turn(self, Octets payload) except *:
        """ChannelData with media in it: noise; none where it is to be asked for whole."""
        cdef Py_ssize_t size, start, i
        cdef Octets inner, made, none = Octets(NULL, 0)
        cdef unsigned char *out = &self.fresh[0]
        cdef int row
        if payload.size < 4 or payload.size > LARGEST_MESSAGE or u8(payload, 0) >> 4 != 4:
            return none
        size = u16(payload, 2)
        if size < 12 or size + 4 > payload.size:
            return none
        for i in range(4 + size, payload.size):
            if u8(payload, i):
                return none
        narrow(&inner, payload, 4, size)
        row = self.table.match(inner, size)
        if row == C_UNKNOWN_ROW or not self.media[row]:
            return none
        start = media_begins(inner)
        if start < 0:
            return none
        noise = self.noise(part(inner, 0, size), size - start)
        made = over(noise)
        if made.size != size - start:
            beyond()
        memcpy(out, payload.data, payload.size)
        memcpy(out + 4 + start, made.data, made.size)
        return Octets(out, payload.size)

    cdef bint cut_off(self, Octets octets, const Place *place, const Plain *plain, bytes header) except -1:
        """Write the headers of a frame whose payload is not understood; its sums stay as wrong as they were."""
        cdef Octets kept = over(header)
        cdef unsigned char *out = self.headers(octets, place, plain, place.payload - place.begin + kept.size, 6, True)
        if out is NULL:
            return False
        memcpy(out + 8, kept.data, kept.size)
        if kept.size == plain.payload.size and kept.size == plain.length and not kept.size & 1:
            # Nothing is cut off, so that the sum can be checked.
            follow(out + 6, plain.payload.data, kept.data, kept.size, True)
        self.cut += 1
        return True

    cdef bint segment(self, Octets octets, Place *place, Plain *plain) except -1:
        """Write the headers of a segment of TCP, and the whole frame of one without octets."""
        cdef Wire ends = ordered(&plain.wire)
        cdef Py_ssize_t tcp, length, size
        cdef bint is_secured
        cdef unsigned char *out
        if self.connections and named(&ends) in self.connections:
            return False
        place.ip = place.begin
        place.version = 4 if into_ip(plain, octets, &place.ip, place.begin + place.size, place.link) == IPV4 else 6
        tcp = place.ip + (20 if place.version == 4 else 40)
        place.payload = tcp + 4 * (u8(octets, tcp + 12) >> 4)
        length = u16(octets, place.ip + 2) - 20 if place.version == 4 else u16(octets, place.ip + 4)
        length -= place.payload - tcp
        if (
            place.version == 4 and u8(octets, place.ip) & 0x0F != 5 or not alone(place)
            or not self.knows(octets, tcp + TCP_HEADER, place.payload)
        ):
            return False
        size = place.payload - place.begin if length or plain.payload.size else place.size
        is_secured = plain.payload.size >= TLS_OCTETS and u16(plain.payload, 0) == TLS_HANDSHAKE
        if is_secured:
            size += TLS_OCTETS
        out = self.headers(octets, place, plain, size, 16, False)
        if out is NULL:
            return False
        follow(out + 16, out, out, 2, False)
        memset(out + place.payload - tcp, 0, place.begin + size - place.payload)
        if is_secured:
            memcpy(out + place.payload - tcp, plain.payload.data, TLS_OCTETS)
        self.cut += size < either(octets, original_at(place), self.big)
        return True

    cdef bint knows(self, Octets octets, Py_ssize_t at, Py_ssize_t end) except -1:
        """Whether options of TCP are all known."""
        cdef int size
        while at < end:
            size = 1 if u8(octets, at) == NO_OPERATION else u8(octets, at + 1) if at + 1 < end else 0
            if size >= LONGEST_OPTION or size > end - at or not self.options[u8(octets, at)][size]:
                return False
            at += size
        return True

    cdef unsigned char *headers(
        self, Octets octets, const Place *place, const Plain *plain, Py_ssize_t size, int at, bint udp
    ) except? NULL:
        """The header of UDP or TCP in a frame of `size` octets that are written; its sum is `at` there."""
        cdef Masked masked = self.flow(octets, place, plain)
        cdef const unsigned char *old = octets.data + place.ip
        cdef unsigned char *out = self.record(octets, place, size)
        cdef unsigned char *ip
        cdef Py_ssize_t wide, original = original_at(place)
        if out is NULL:
            return NULL
        # What was on the wire is as long as it was.
        memcpy(out - place.begin + original, octets.data + original, 4)
        ip = out + place.ip - place.begin
        memcpy(out, PyBytes_AS_STRING(masked.head), place.ip - place.begin)
        memcpy(ip, old, place.payload - place.ip)
        wide = self.ends(ip, place, masked)
        old += 12 if place.version == 4 else 8
        ip += 12 if place.version == 4 else 8
        if place.version == 4:
            follow(ip - 2, old, ip, 8, False)
        follow(ip + 2 * wide + at, old, ip, 2 * wide, udp)
        if plain.wire.ports & 0xFFFFFFFF != u32(over(masked.ports), 0):
            follow(ip + 2 * wide + at, old + 2 * wide, ip + 2 * wide, 4, udp)
        return ip + 2 * wide

    cdef unsigned char *lay(self, Octets octets, const Place *place, Masked masked, Py_ssize_t length) except? NULL:
        """Where the payload goes of a frame whose headers are written; NULL where it finds no room."""
        cdef Py_ssize_t head = place.payload - place.begin, size = head + length, total = place.begin + size - place.ip
        cdef Py_ssize_t padded = SHORTEST_FRAME if place.link == 1 and size < SHORTEST_FRAME <= place.size else size
        cdef unsigned char *out
        cdef unsigned char *ip
        if masked is None or total - (0 if place.version == 4 else 40) > LARGEST_MESSAGE:
            return NULL
        out = self.record(octets, place, padded)
        if out is NULL:
            return NULL
        ip = out + place.ip - place.begin
        memcpy(out, PyBytes_AS_STRING(masked.head), place.ip - place.begin)
        memcpy(ip, octets.data + place.ip, place.payload - place.ip)
        self.ends(ip, place, masked)
        put(ip + (2 if place.version == 4 else 4), total - (0 if place.version == 4 else 40), 2, True)
        put(out + head - 4, length + 8, 2, True)
        memset(out + size, 0, padded - size)
        return out + head

    cdef unsigned char *record(self, Octets octets, const Place *place, Py_ssize_t size) except? NULL:
        """Where the frame goes of a record that is written around it; NULL where it finds no room."""
        cdef Py_ssize_t before = place.begin - place.at, whole = before + size
        cdef unsigned char *out
        if before == BLOCK:
            whole = BLOCK + ((size + 3) & ~3) + 4
        if place.at < 0 or place.end > octets.size or self.place + whole > self.out.shape[0]:
            return NULL
        out = &self.out[self.place]
        memcpy(out, octets.data + place.at, before)
        if before == BLOCK:
            put(out + 4, whole, 4, self.big)
            put(out + 20, size, 4, self.big)
            put(out + 24, size, 4, self.big)
            memset(out + BLOCK + size, 0, whole - BLOCK - size)
            put(out + whole - 4, whole, 4, self.big)
        else:
            put(out + 8, size, 4, self.big)
            put(out + 12, size, 4, self.big)
        self.place += whole
        return out + before

    cdef Py_ssize_t ends(self, unsigned char *ip, const Place *place, Masked masked) noexcept:
        """Write other ends; returns how long an address is."""
        cdef Py_ssize_t wide = PyBytes_GET_SIZE(masked.src)
        ip += 12 if place.version == 4 else 8
        memcpy(ip, PyBytes_AS_STRING(masked.src), wide)
        memcpy(ip + wide, PyBytes_AS_STRING(masked.dst), wide)
        memcpy(ip + 2 * wide, PyBytes_AS_STRING(masked.ports), 4)
        return wide

    cdef Masked source(self, Octets octets, const Place *place, const Plain *plain):
        """What becomes of a source of media on a flow; None for one that is not known."""
        cdef uint32_t number = u32(plain.payload, 8)
        cdef uint64_t at = folded(plain.wire.src_low ^ plain.wire.dst_low << 21, plain.wire.ports ^ number) % RECENT
        cdef Recent *recent = &self.recent[at]
        cdef Py_ssize_t size = place.ip - place.begin
        cdef Octets head
        narrow(&head, octets, place.begin, size)
        if (
            recent.size == size + 1 and recent.source == number
            and not memcmp(&recent.wire, &plain.wire, sizeof(Wire)) and not memcmp(recent.head, head.data, size)
        ):
            return self.known[at]
        found = self.sought(octets, place, plain)
        if size <= LONGEST_LINK:
            recent.wire, recent.source, recent.size = plain.wire, number, size + 1
            memcpy(recent.head, head.data, size)
            self.known[at] = found
        return found

    cdef Masked sought(self, Octets octets, const Place *place, const Plain *plain):
        """The same of a source that was not there lately."""
        flow = named(&plain.wire)
        key = part(octets, place.begin, place.ip - place.begin), flow, part(plain.payload, 8, 4)
        found = self.sources.get(key)
        if found is not None or key in self.sources:
            return found
        name = b"".join((flow, part(plain.payload, 8, 4)))
        encrypted = self.streams.get(name)
        if len(self.sources) >= MOST_FLOWS:
            self.sources.clear()
        cdef Masked made = None if encrypted is None else self.other(octets, place, plain)
        if made is not None:
            made.encrypted, made.numbered = encrypted, name in self.numbered
        self.sources[key] = made
        return made

    cdef Masked flow(self, Octets octets, const Place *place, const Plain *plain):
        """What becomes of a flow behind a link layer."""
        key = part(octets, place.begin, place.ip - place.begin), named(&plain.wire)
        found = self.flows.get(key)
        if found is None:
            if len(self.flows) >= MOST_FLOWS:
                self.flows.clear()
            found = self.flows[key] = self.other(octets, place, plain)
        return found

    cdef Masked other(self, Octets octets, const Place *place, const Plain *plain):
        src, sport, dst, dport = written(&plain.wire)
        head, new_src = self.link(place.link, part(octets, place.begin, place.ip - place.begin)), self.address(src)
        new_dst = self.address(dst)
        if len(head) != place.ip - place.begin or len(new_src) != len(src) or len(new_dst) != len(dst):
            beyond()
        return Masked(
            head, new_src, new_dst, self.port(sport).to_bytes(2, "big") + self.port(dport).to_bytes(2, "big")
        )


cdef bint placed(Place *place, const Plain *plain, Octets octets) except -1:
    """Whether nothing stands between IP and UDP, nor beside the frame in its record; `place` then says where."""
    place.version = 4 if plain.wire.ports >> 32 == 4 else 6
    place.payload = plain.payload.data - octets.data
    place.ip = place.payload - (28 if place.version == 4 else 48)
    if place.ip < place.begin or u8(octets, place.ip) >> 4 != place.version or place.version == 4 and (
        u8(octets, place.ip) & 0x0F != 5 or <uint64_t> u32(octets, place.ip + 12) != plain.wire.src_low
    ):
        return False
    return alone(place)


cdef bint alone(const Place *place) noexcept:
    """Whether a record holds nothing beside its frame."""
    if place.begin - place.at == BLOCK:
        return place.end - place.at == BLOCK + 4 + ((place.size + 3) & ~3)
    return place.end == place.begin + place.size


cdef inline Py_ssize_t original_at(const Place *place) noexcept:
    """Where a record says how long its frame was on the wire."""
    return place.begin - 4 if place.begin - place.at == BLOCK else place.at + 12


cdef bint fills(const Place *place, const Plain *plain, Octets octets) except -1:
    """Whether a datagram fills its packet."""
    cdef Py_ssize_t total = place.payload - place.ip + plain.length
    return (u16(octets, place.ip + 2) if place.version == 4 else u16(octets, place.ip + 4) + 40) == total


cdef void sealed(unsigned char *payload, const Place *place, Py_ssize_t length) noexcept:
    """Make the sums anew of a frame whose payload is there."""
    cdef unsigned char *ip = payload - (place.payload - place.ip)
    cdef unsigned char *udp = payload - 8
    cdef Py_ssize_t begin = 12 if place.version == 4 else 8
    cdef uint64_t sum
    if place.version == 4:
        put(ip + 10, 0, 2, True)
        put(ip + 10, folded_words(words_of(ip, 20, 0)) ^ 0xFFFF, 2, True)
    put(udp + 6, 0, 2, True)
    sum = words_of(ip + begin, udp - ip - begin, UDP + length + 8)
    sum = folded_words(words_of(udp, length + 8, sum)) ^ 0xFFFF
    put(udp + 6, sum if sum else 0xFFFF, 2, True)


cdef void follow(
    unsigned char *sum, const unsigned char *old, const unsigned char *new, Py_ssize_t size, bint udp
) noexcept:
    """Let a sum follow octets that changed (RFC 1624), as wrong as it was; in UDP zero means none."""
    cdef uint64_t total = <uint64_t> sum[0] << 8 | sum[1]
    cdef Py_ssize_t i
    if udp and total == 0:
        return
    total ^= 0xFFFF
    for i in range(0, size, 2):
        total += (<uint64_t> old[i] << 8 | old[i + 1]) ^ 0xFFFF
        total += <uint64_t> new[i] << 8 | new[i + 1]
    total = folded_words(total) ^ 0xFFFF
    put(sum, total if total or not udp else 0xFFFF, 2, True)


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


cdef inline void put(unsigned char *out, uint64_t value, int size, bint big) noexcept:
    """Write a number of so many octets."""
    cdef int i
    for i in range(size):
        out[size - 1 - i if big else i] = value >> 8 * i & 0xFF


cdef extern from *:
    """
    /* The sum of 16-bit words, the greatest octet first. It does not matter how many are added at once. */
    static inline uint64_t words_of(const unsigned char *at, Py_ssize_t size, uint64_t sum) {
        uint64_t one = 0, two = 0;
        for (; size >= 8; at += 8, size -= 8) {
            one += (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
            two += (uint32_t) at[4] << 24 | (uint32_t) at[5] << 16 | (uint32_t) at[6] << 8 | at[7];
        }
        for (; size >= 2; at += 2, size -= 2) one += (uint32_t) at[0] << 8 | at[1];
        return sum + one + two + (size ? (uint32_t) at[0] << 8 : 0);
    }
    static inline uint64_t folded_words(uint64_t sum) {
        while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
        return sum;
    }
    """
    uint64_t words_of(const unsigned char *at, Py_ssize_t size, uint64_t sum) noexcept nogil
    uint64_t folded_words(uint64_t sum) noexcept nogil
