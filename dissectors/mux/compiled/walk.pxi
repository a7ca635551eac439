# Records of a capture where they lie: what every walk over them has in common, and names for flows and sources.

cdef enum:
    SHORTEST_RECORD = 16


cdef class Walk:
    """A walk over records where they lie, as long as each is plain and `takes` does."""

    cdef bint big
    # Whether numbers of the records have their greatest octet first.

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
        self.big = big
        while at + header <= octets.size:
            narrow(&head, octets, at, 16)
            captured = either(head, 8, big)
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
        self.big = big
        links = {}
        for each in layout.interfaces[:MAX_INTERFACES]:
            usual = each.over == 1 and 0 <= each.offset <= MAX_TIME_NS
            interfaces[known] = Interface(each.link, each.times if usual else 0, each.offset if usual else 0, 0)
            known += 1
        while at + 32 <= octets.size:
            narrow(&head, octets, at, 28)
            total, number, captured = either(head, 4, big), either(head, 8, big), either(head, 20, big)
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
    cdef bint short = wire.ports >> 32 == 4
    src, dst = address_of(wire.src_high, wire.src_low, short), address_of(wire.dst_high, wire.dst_low, short)
    return src, int(wire.ports >> 16 & 0xFFFF), dst, int(wire.ports & 0xFFFF)
