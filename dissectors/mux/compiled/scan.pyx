"""The scan over octets: records, frames, rows, flows and streams in one pass, without an object for what is common.

Common are datagrams that no row matches and those of a stream that is confirmed already. Every other one becomes an
`Entry`, and unless its verdict is known from others on its 5-tuple, the `Evidence` of `mux.scan` judges it; every other
frame goes through the same `Frames`.

One module, so that the C compiler sees the whole pass at once; its parts are the files included below.
"""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Contains
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from cython cimport final
from libc.math cimport INFINITY, fabs, sqrt
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memchr, memcmp, memcpy, memset

from collections import OrderedDict
from heapq import nlargest
from operator import attrgetter

from dissectors.limits import table as limited
from dissectors.limits.budget import Bounds as Hits
from dissectors.mux import classify, counters, evidence, flows as flows_of_python, key_frames, marks
from dissectors.mux import payload_hints as payload_hints, pictures, probation, repairs
from dissectors.mux import rtp_sequence as rtp_sequence
from dissectors.mux import scan as reference, unconfirmed
from dissectors.mux.connection import ANY_ROW, MAX_PLAIN_OCTETS, Whole
from dissectors.mux.connections import Connections
from dissectors.mux.entry cimport Entry
from dissectors.mux.evidence import Evidence
from dissectors.mux.flows import FlowKey, Waiting, written_out
from dissectors.mux.carried import BINDING, CARRYING, bind, carried
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN, UNKNOWN_ROW
from dissectors.protocols.sip_framing import MAX_PLAIN_HEAD_OCTETS, MAX_PLAIN_LINE_OCTETS
from dissectors.wire.captures import pcap, pcapng
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.frames import Frames
from dissectors.wire.link.icmp_errors import IcmpErrors
from dissectors.wire.datagram import Datagram, Flow
from dissectors.wire.captures.records import MAX_LEFT_OCTETS, MAX_RECORD_OCTETS, MAX_TIME_NS, Record
from dissectors.wire.spec import U16, U32, AtLeast, AtMost, Between, Bits, Chain, LengthField, RtpHeader, StartLine
from dissectors.wire import hep
from dissectors.wire.tcp import Segment
from dissectors.wire.link import offload, segments
from dissectors.wire.link.tunnels import TUNNELS

cdef int C_UNKNOWN = UNKNOWN, C_UNKNOWN_ROW = UNKNOWN_ROW, C_ANY_ROW = ANY_ROW

include "octets.pxi"
include "records.pxi"
include "classify.pxi"
include "frames.pxi"
include "pictures.pxi"
include "counters.pxi"
include "wire.pxi"
include "flows.pxi"
include "ends.pxi"
include "table.pxi"
include "coming.pxi"
include "quiet.pxi"
include "probation.pxi"
include "evidence.pxi"
include "beginnings.pxi"
include "given_up.pxi"
include "plain.pxi"

cdef enum:
    MOST_ROWS = 256
    MAX_OPTIONS = 16
    RECENT_RECORDS = 16

if len(ROWS) >= MOST_ROWS:
    raise ImportError(f"the compiled scan reads {MOST_ROWS} rows, the table has {len(ROWS)}")
if RECENT_RECORDS != reference.RECENT_RECORDS:
    raise ImportError(f"the compiled scan remembers {RECENT_RECORDS} times, the other {reference.RECENT_RECORDS}")

cdef int TEXT_OCTETS = unconfirmed.TEXT_OCTETS
cdef int RTP = evidence.RTP, MAX_CARRIED_DEPTH = reference.MAX_CARRIED_DEPTH
cdef int64_t MAX_LEFT = MAX_LEFT_OCTETS, BATCH_RECORDS = reference.BATCH_RECORDS, BATCH_OCTETS = reference.BATCH_OCTETS
cdef uint64_t KEYED = evidence.KEYED, BESIDE_QUIC = evidence.BESIDE_QUIC
cdef uint64_t SEEN_QUIC = 1 << evidence.QUIC, SEEN_RTCP = 1 << evidence.RTCP, SEEN_RTP = 1 << evidence.RTP
cdef int64_t LARGEST_USUAL = offload.LARGEST_USUAL
cdef bint[MOST_ROWS] IS_MEDIA, IS_ENCRYPTED, IS_CARRIER, IS_STUN, IS_REPORT, MAY_WAIT
cdef uint64_t[MOST_ROWS] SETTLED_BY
cdef int[256] FIRST_HEARD
cdef unsigned char[0x10000] IS_OTHER_SERVICE, IS_OPENED
cdef unsigned char[256] IS_PRINTABLE
for number, place in payload_hints.FIRST_HEARD.items():
    FIRST_HEARD[number] = place
for number, (protocol, row) in enumerate(ROWS):
    IS_MEDIA[number] = protocol == evidence.RTP and row.strength == "plausible"
    IS_ENCRYPTED[number] = row.encrypted
    IS_CARRIER[number] = protocol in (evidence.TURN, evidence.STUN)
    IS_STUN[number] = protocol == evidence.STUN
    IS_REPORT[number] = protocol == evidence.RTCP
    # What the evidence lets wait, whatever it says, as long as it knows nothing else of the 5-tuple and of the SSRC.
    MAY_WAIT[number] = row.strength == "plausible" and protocol not in (evidence.STUN, evidence.TURN, evidence.RTCP)
    # What is certain and was seen before on its 5-tuple tells the evidence nothing new; DTLS may, and who is reported.
    SETTLED_BY[number] = 1 << protocol if row.strength == "certain" and protocol != evidence.DTLS else 0
for number in unconfirmed.OTHER_SERVICES:
    IS_OTHER_SERVICE[number] = 1
for opened_one in (*CARRYING, *BINDING):
    IS_OPENED[int.from_bytes(opened_one, "big")] = 1
for number in unconfirmed.PRINTABLE:
    IS_PRINTABLE[number] = 1
# What `use` comes to, of a table that goes by the order of its entries.
cdef object move_to_end = OrderedDict.move_to_end
cdef str NOT_INSIDE = FlowKey._field_defaults["inside"], OVER_UDP = FlowKey._field_defaults["transport"]
cdef tuple CARRIERS = (evidence.TURN, evidence.STUN)
cdef tuple NOTHING_MATCHES = (UNKNOWN, UNKNOWN_ROW, None, "", False)


@final
cdef class Scanner:
    """As `mux.scan.Scanner`, but batches hold only what may concern the analysis, unless `every` asks for all."""

    build = "compiled"
    cdef readonly object bounds, frames, connections, unconfirmed
    cdef readonly FlowTable flows
    cdef public object _evidence
    cdef object reported, waiting, latest, hits, verdicts, told
    cdef Probation probation
    cdef readonly int64_t messages, inside
    cdef Beginnings beginnings
    cdef bint every, brief, forced, timed, vlan_known
    cdef int64_t frame
    cdef int64_t[MOST_PROTOCOLS] tally, tally_octets
    cdef int64_t earliest, newest, opened, passed, tags, generation, records, arrived, numbered
    cdef int64_t batch_records, batch_octets, most_records
    cdef int64_t[RECENT_RECORDS] times
    cdef Table table
    cdef GivenUp given_up

    def __init__(self, bounds=None, forced=None, every=False, frame=None, verdicts=None):
        self.bounds = bounds or reference.Bounds()
        self.hits = Hits()
        self.frames = Frames(Fragments(bounds=self.hits), IcmpErrors(bounds=self.hits))
        numbers = {port: PROTOCOLS.index(name) for port, name in (forced or {}).items()}
        self._evidence = Judge(self.bounds.waiting, self.bounds.streams, self.hits, numbers, Counters, Probation)
        self.reported, self.waiting = self._evidence.reported, self._evidence.waits_for_source
        self.latest, self.probation = self._evidence._latest, self._evidence.probation
        self.beginnings = self._evidence.beginnings
        self.flows = FlowTable(self.bounds.flows, self.hits, self.probation)
        self.probation.flows, self.probation.judge = self.flows, self._evidence
        self.unconfirmed = unconfirmed.AllUnconfirmed()
        self.every = every
        self.forced = len(numbers) > 0
        self.brief = not every and not numbers
        self.frame = 0 if frame is None else frame
        self.verdicts = verdicts
        self.table, self.given_up = Table(), GivenUp()
        self.connections = Connections(self.hits)
        self.connections.forgotten = self.given_up.forget
        self.connections.plain, self.connections.plainly = plain_messages, plain_segment
        self.most_records = BATCH_RECORDS

    @property
    def counts(self):
        return [self.tally[number] for number in range(len(PROTOCOLS))]

    @property
    def octets(self):
        return [self.tally_octets[number] for number in range(len(PROTOCOLS))]

    @property
    def datagrams(self):
        return self.numbered - self.messages

    @property
    def first(self):
        return self.earliest if self.timed else None

    @property
    def last(self):
        return self.newest if self.timed else None

    @property
    def recent_times(self):
        first = max(0, self.records - RECENT_RECORDS)
        return tuple([self.times[number & (RECENT_RECORDS - 1)] for number in range(first, self.records)])

    @property
    def streams(self):
        return self._evidence.confirmed

    @property
    def stream_table(self):
        return self._evidence.streams

    @property
    def bounds_hit(self):
        return reference.bounds_hit(self.hits, self._evidence)

    def read(self, int64_t file, walker, chunk not None, bint leave=False):
        """Batches of the records that are whole with `chunk`: plain ones are walked here, others by `walker`."""
        cdef Lent lent = Lent(chunk)
        cdef Py_ssize_t at = 0, size = len(chunk), taken, left = 0
        batch = reference.Batch()
        while at + left < size and walker.notes.corrupt is None:
            layout = walker.layout
            taken = 0
            if type(layout) is pcap.Layout:
                taken = self.pcap(batch.entries, lent.octets(), at, file, walker, layout)
            elif type(layout) is pcapng.Layout:
                taken = self.pcapng(batch.entries, lent.octets(), at, file, walker, layout)
            at += taken
            if leave and taken and 0 < size - at <= MAX_LEFT and not self.full():
                left = size - at
            elif at < size and (taken == 0 or not self.full()):
                piece = bytes(chunk[at:at + walker.wanted])
                at += len(piece)
                for record in walker.feed(piece):
                    if self.full():
                        yield self.filled(batch)
                        batch = reference.Batch()
                    self.walked(batch.entries, file, record)
            if self.full():
                yield self.filled(batch)
                batch = reference.Batch()
        self.note()
        yield batch
        return left

    def scan(self, records, size=reference.BATCH_RECORDS):
        """Batches of `size` records or of BATCH_OCTETS, each with its file's number; the last is the rest."""
        batch = reference.Batch()
        self.most_records = size
        for file, record in records:
            self.walked(batch.entries, file, record)
            if self.full():
                yield self.filled(batch)
                batch = reference.Batch()
        self.note()
        yield batch

    cdef inline bint full(self) noexcept:
        """Whether a batch ends here."""
        return self.batch_records >= self.most_records or self.batch_octets >= BATCH_OCTETS

    cdef filled(self, batch):
        """A batch that ends here."""
        self.batch_records = self.batch_octets = 0
        batch.full = True
        self.note()
        return batch

    def settle_announced(self, flows, announced):
        """Settle what waits to be a stream on these flows, by number, as far as calls have `announced` it."""
        self.settle([], self._evidence.announced_on(flows, announced))
        self.generation = self._evidence.generation

    def forget(self, streams, flows):
        """Let go of streams and flows that are over and counted elsewhere."""
        self._evidence.forget(streams)
        self.generation = self._evidence.generation
        self.flows.forget(flows)

    def finish(self, announced=None):
        """What was still waiting for evidence, given up; `announced` says which RTP the calls have agreed on."""
        batch = reference.Batch()
        self.streamed(batch.entries, self.connections.finish())
        while len(self.probation):
            if self.probation.candidate() is not NULL and not self.may_be_announced(announced):
                self.give_up()
                continue
            # A candidate that may be one is an entry like others from here on.
            for entry in self._evidence.given_up():
                told = entry if announced is None else self._evidence.as_announced(entry, announced)
                self.settle(batch.entries, (told,))
        return batch

    cdef int note(self) except -1:
        """Tell `frames` what was opened without it."""
        self.frames.frames += self.opened + self.passed
        self.frames.datagrams += self.opened
        self.frames.segments.count += self.passed
        if self.tags:
            self.frames.encapsulations["VLAN"] += self.tags
        self.opened = self.passed = self.tags = 0
        return 0

    # Records.

    cdef Py_ssize_t pcap(
        self, list entries, Octets octets, Py_ssize_t at, int64_t file, walker, layout
    ) except -1:
        """Walk whole records from `at` on; how many octets they take."""
        cdef bint big = layout.big
        cdef int64_t unit = layout.unit, frame = walker.notes.packets, first = frame, captured
        cdef int link = layout.link
        cdef Py_ssize_t header = layout.header, begin = at, place
        cdef Coming[TOGETHER] coming
        cdef int count = TOGETHER, number
        cdef Octets head
        while count and not self.full():
            count, place = 0, at
            while count < TOGETHER and place + header <= octets.size:
                narrow(&head, octets, place, 16)
                captured = either(head, 8, big)
                if captured > LARGEST or captured > octets.size - place - header or not (captured or u64(head, 0)):
                    break
                coming[count].at, coming[count].size, coming[count].link = place + header, captured, link
                coming[count].time = either(head, 0, big) * 1_000_000_000 + either(head, 4, big) * unit
                coming[count].original = either(head, 12, big)
                place += header + captured
                coming[count].behind = place
                count += 1
            look_ahead(self.flows, octets, coming, count)
            for number in range(count):
                frame += 1
                self.record(entries, octets, &coming[number], file, frame)
                at = coming[number].behind
                if self.full():
                    break
        if frame > first:
            walker.passed(at - begin, {link: frame - first}, 0)
        return at - begin

    cdef Py_ssize_t pcapng(
        self, list entries, Octets octets, Py_ssize_t at, int64_t file, walker, layout
    ) except -1:
        """Walk whole Enhanced Packet Blocks without comments from `at` on; how many octets they take."""
        cdef bint big = layout.big
        cdef int64_t frame = walker.notes.packets, time = 0, total, captured, padded, ticks
        cdef uint32_t number, known = 0
        cdef Py_ssize_t begin = at, size = octets.size, place
        cdef Coming[TOGETHER] coming
        cdef int count = TOGETHER, held
        cdef Interface[MAX_INTERFACES] interfaces
        cdef Interface *interface
        cdef Octets head
        links = {}
        for each in layout.interfaces[:MAX_INTERFACES]:
            plain = each.over == 1 and 0 <= each.offset <= MAX_TIME_NS
            interfaces[known] = Interface(each.link, each.times if plain else 0, each.offset if plain else 0, 0)
            known += 1
        while count and not self.full():
            count, place = 0, at
            while count < TOGETHER and place + 32 <= size:
                narrow(&head, octets, place, 28)
                total, number, captured = either(head, 4, big), either(head, 8, big), either(head, 20, big)
                padded = (captured + 3) & ~3
                if (
                    either(head, 0, big) != EPB or captured > LARGEST or total & 3 or total < 32 + padded
                    or total > size - place or number >= known or either(octets, place + total - 4, big) != total
                    or (total > 32 + padded and commented(octets, place + 28 + padded, place + total - 4, big))
                ):
                    break
                interface = &interfaces[number]
                ticks = <int64_t> (<uint64_t> either(head, 12, big) << 32 | <uint64_t> either(head, 16, big))
                if not interface.times or ticks < 0 or ticks > (LAST_MOMENT - interface.offset) // interface.times:
                    break
                coming[count].at, coming[count].size, coming[count].link = place + 28, captured, interface.link
                coming[count].time = ticks * interface.times + interface.offset
                coming[count].original, coming[count].interface = either(head, 24, big), number
                place += total
                coming[count].behind = place
                count += 1
            look_ahead(self.flows, octets, coming, count)
            for held in range(count):
                interface = &interfaces[coming[held].interface]
                time = coming[held].time
                frame += 1
                if not interface.count:
                    links[interface.link] = links.get(interface.link, 0)
                interface.count += 1
                self.record(entries, octets, &coming[held], file, frame)
                at = coming[held].behind
                if self.full():
                    break
        for number in range(known):
            if interfaces[number].count:
                links[interfaces[number].link] += interfaces[number].count
        if links:
            walker.passed(at - begin, links, time)
        return at - begin

    cdef int walked(self, list entries, int64_t file, record) except -1:
        """Take a record that a walker made."""
        cdef bytes octets = bytes(record.octets)
        cdef Coming coming
        coming.at, coming.size, coming.link = 0, len(octets), record.link
        coming.time, coming.original = record.time, record.original
        look_ahead(self.flows, over(octets), &coming, 1)
        return self.record(entries, over(octets), &coming, file, record.frame)

    cdef int record(self, list entries, Octets octets, Coming *coming, int64_t file, int64_t frame) except -1:
        """Take a frame that was opened."""
        cdef Plain *plain = &coming.plain
        cdef int64_t time = coming.time
        cdef Slot *slot
        if not self.timed:
            self.earliest = self.newest = time
            self.timed = True
        self.earliest, self.newest = min(self.earliest, time), max(self.newest, time)
        self.times[self.records & (RECENT_RECORDS - 1)] = time
        self.records += 1
        self.batch_records += 1
        self.batch_octets += coming.size
        if coming.is_plain and (not plain.tags or self.vlan_known):
            self.opened += 1
            self.tags += plain.tags
            slot = self.flows.place(&plain.wire, coming.hash)
            if slot.what and not slot.what & 1:
                return self.datagram(
                    entries, plain.payload, plain.length, <FlowState> <PyObject *> slot.what, file, frame, 0, time,
                    plain.identification, 0,
                )
            return self.foreign(entries, plain, <Py_ssize_t> (slot.what >> 1) if slot.what else -1, file, frame, time)
        return self.other(entries, octets, coming, file, frame)

    cdef int other(self, list entries, Octets octets, Coming *coming, int64_t file, int64_t frame) except -1:
        """Take a frame that is no datagram without surprises."""
        cdef Plain plain
        cdef Py_ssize_t at = coming.at, size = coming.size
        cdef int64_t time = coming.time
        cdef int link = coming.link
        if in_tcp(&plain, octets, at, size, link) and (not plain.tags or self.vlan_known):
            self.passed += 1
            self.tags += plain.tags
            if plain.payload.size > 5 and u16(plain.payload, 0) == TLS_HANDSHAKE:
                self.tls(plain.wire.ports, part(plain.payload, 0, 6))
            if not plain.flags & SYN and self.given_up.knows(&plain.wire):
                return 0
            return self.segment(entries, &plain, file, frame, time)
        return self.unusual(entries, Record(frame, time, link, part(octets, at, size), coming.original), file)

    cdef int tls(self, uint64_t ports, bytes payload) except -1:
        """Count a segment that `segments` has a name for; that it came is counted already."""
        self.frames.segments.add(ports >> 16 & 0xFFFF, ports & 0xFFFF, payload)
        self.frames.segments.count -= 1
        return 0

    cdef int segment(self, list entries, const Plain *plain, int64_t file, int64_t frame, int64_t time) except -1:
        """Take a TCP segment of a connection that is not known as given up."""
        cdef Py_ssize_t size = plain.ends.size >> 1
        cdef uint64_t sport = plain.wire.ports >> 16 & 0xFFFF, dport = plain.wire.ports & 0xFFFF
        cdef bytes src = part(plain.ends, 0, size), dst = part(plain.ends, size, size)
        segment = named_tuple(Segment, (
            src, sport, dst, dport, u32(plain.header, 4), u32(plain.header, 8), plain.flags,
            part(plain.payload, 0, plain.payload.size), plain.length, plain.identification,
        ))
        found = self.connections.take(segment, file, frame, time)
        if found:
            self.streamed(entries, found)
        elif self.connections.is_given_up(segment):
            self.given_up.add(src, sport, dst, dport)
        return 0

    cdef int unusual(self, list entries, record, int64_t file) except -1:
        """Take a frame that `wire.frames` has to read."""
        cdef bytes whole
        frames = self.frames.udp(record, file)
        self.vlan_known = "VLAN" in self.frames.encapsulations
        for layer, src, dst, sport, dport, payload, length, number in frames:
            flow = self.flows.find(FlowKey(src, sport, dst, dport))
            whole = bytes(payload)
            self.datagram(entries, over(whole), length, flow, file, record.frame, layer, record.time, number, 0)
        for packet in self.frames.hep:
            self.streamed(entries, self.connections.unpack(packet, file, record.frame, record.time))
        for segment in self.frames.tcp:
            self.streamed(entries, self.connections.take(segment, file, record.frame, record.time))
            if self.connections.is_given_up(segment):
                self.given_up.add(segment.src, segment.sport, segment.dst, segment.dport)
        return 0

    cdef int streamed(self, list entries, messages) except -1:
        """Take messages of connections."""
        cdef bytes whole
        for key, payload, length, layer, (_, file, frame, time, identification), row in messages:
            flow, whole = self.flows.find(key), payload
            self.messages += 1
            self.datagram(entries, over(whole), length, flow, file, frame, layer, time, identification, 0, row)
        return 0

    # Datagrams on flows on which nothing was recognised so far.

    cdef int foreign(
        self, list entries, const Plain *plain, Py_ssize_t at, int64_t file, int64_t frame, int64_t time
    ) except -1:
        """Take a datagram of a quiet flow, whose record is at `at`, or of a new one."""
        cdef int row = C_ANY_ROW
        cdef FlowState flow
        if self.brief and self.told is None and frame != self.frame:
            row = self.table.match(plain.payload, plain.length)
            if self.stays_quiet(plain, at >= 0 and self.flows.record(at).candidate is not NULL, row):
                at = at if at >= 0 else self.flows.quiet_one(&plain.wire)
                if at >= 0:
                    return self.count_quiet(entries, plain, at, row, file, frame, time)
        flow = self.flows.flow(&plain.wire)
        return self.datagram(
            entries, plain.payload, plain.length, flow, file, frame, 0, time, plain.identification, 0, row
        )

    cdef bint stays_quiet(self, const Plain *plain, bint waits, int row) except -1:
        """Whether a datagram is of no known protocol, or may wait without an object: where none `waits`, and nobody
        knows of its SSRC."""
        if row == C_UNKNOWN_ROW:
            return True
        if not MAY_WAIT[row] or waits or self.verdicts is not None:
            return False
        if not IS_MEDIA[row]:
            return True
        if plain.payload.size < 12:
            return False
        if not self.latest and not self.reported:
            return True
        source = u32(plain.payload, 8)
        return source not in self.latest and source not in self.reported

    cdef int count_quiet(
        self, list entries, const Plain *plain, Py_ssize_t at, int row, int64_t file, int64_t frame, int64_t time
    ) except -1:
        """Count a datagram on a quiet flow, or let it wait there."""
        cdef Quiet *quiet = self.flows.record(at)
        cdef Candidate candidate
        cdef int64_t number = self.numbered
        if not quiet.datagrams:
            quiet.first, quiet.first_file, quiet.first_number = time, <int32_t> file, frame
        quiet.datagrams += 1
        quiet.octets += plain.length
        quiet.last = time
        self.arrived += 1
        self.numbered += 1
        quiet.used = self.arrived
        if row == C_UNKNOWN_ROW:
            self.tally[C_UNKNOWN] += 1
            self.tally_octets[C_UNKNOWN] += plain.length
            if self.verdicts is not None:
                self.verdicts.note(number, NOTHING_MATCHES)
            return 0
        memset(&candidate, 0, sizeof(candidate))
        candidate.number, candidate.frame, candidate.time, candidate.flow = number, frame, time, at
        candidate.length, candidate.file, candidate.row = plain.length, <int32_t> file, row
        candidate.identification = <int32_t> plain.identification
        self.probation.hold(&candidate, plain.payload)
        while self.probation.is_overfull():
            if self.probation.candidate() is not NULL:
                self.give_up()
                self.hits.hit("waiting", 1)
            else:
                given = self._evidence.given_up()
                self.hits.hit("waiting", len(given))
                self.settle(entries, given)
        return 0

    cdef int give_up(self) except -1:
        """Count the candidate that has waited longest as unknown."""
        cdef Candidate *candidate = self.probation.candidate()
        cdef Quiet *quiet = self.flows.record(candidate.flow)
        cdef uint64_t ports = quiet.wire.ports
        quiet.candidate = NULL
        quiet.encrypted += IS_ENCRYPTED[candidate.row]
        self.tally[C_UNKNOWN] += 1
        self.tally_octets[C_UNKNOWN] += candidate.length
        if (
            not IS_OTHER_SERVICE[ports >> 16 & 0xFFFF] and not IS_OTHER_SERVICE[ports & 0xFFFF]
            and not words(candidate)
        ):
            self.unconfirmed.add(
                ROWS[candidate.row][0], ports & 0xFFFF, candidate.file, candidate.frame
            )
        self.probation.let_go()
        return 0

    cdef bint may_be_announced(self, announced) except -1:
        """Whether the calls may have agreed on the candidate that has waited longest."""
        cdef Candidate *candidate = self.probation.candidate()
        cdef uint64_t both = self.flows.record(candidate.flow).wire.ports
        if announced is None or not IS_MEDIA[candidate.row]:
            return False
        ports = getattr(announced, "ports", None)
        return ports is None or ((both >> 16 & 0xFFFF) in ports and (both & 0xFFFF) in ports)

    # Datagrams.

    cdef inline int datagram(
        self, list entries, Octets payload, int64_t length, FlowState flow,
        int64_t file, int64_t frame, int64_t layer, int64_t time, int64_t identification, int depth,
        int row=C_ANY_ROW,
    ) except -1:
        """Count a datagram, or let the evidence judge it; its row is asked for where nobody knows it."""
        if self.told is not None:
            return self.tell(entries, payload, length, flow, file, frame, layer, time, identification)
        if row == C_ANY_ROW:
            row = self.table.match(payload, length)
        cdef int64_t number = -1
        flow.arrive(time, file, frame, length)
        self.arrived += 1
        flow.used = self.arrived
        if depth == 0:
            number = self.numbered
            self.numbered += 1
        if self.brief and frame != self.frame:
            if row == C_UNKNOWN_ROW and not (flow.pair.seen & SEEN_QUIC and not flow.pair.seen & BESIDE_QUIC):
                flow.settle(C_UNKNOWN, False)
                flow.unknown_octets += length
                if depth == 0:
                    self.tally[C_UNKNOWN] += 1
                    self.tally_octets[C_UNKNOWN] += length
                    if self.verdicts is not None:
                        self.verdicts.note(number, NOTHING_MATCHES)
                return 0
            if IS_MEDIA[row] and payload.size >= 12 and self.media(
                payload, length, flow, file, frame, time, identification, depth, IS_ENCRYPTED[row]
            ):
                if depth == 0 and self.verdicts is not None:
                    self.note_media(number, row, flow)
                return 0
        return self.judged(
            entries, part(payload, 0, payload.size), row, number, length, flow, file, frame, layer, time,
            identification, depth,
        )

    cdef int note_media(self, int64_t number, int row, FlowState flow) except -1:
        """Note the verdict on a datagram of the stream that was on its flow last."""
        cdef bint encrypted = IS_ENCRYPTED[row] or flow.pair.seen & KEYED
        self.verdicts.note(number, (RTP, row, "confirmed", flow.latest.evidence, encrypted))
        return 0

    cdef int tell(
        self, list rows, Octets payload, int64_t length, FlowState flow, int64_t file, int64_t frame, int64_t layer,
        int64_t time, int64_t identification,
    ) except -1:
        """Make the row of a datagram that has its verdict from before."""
        cdef tuple verdict = next(self.told)
        cdef bytes whole = part(payload, 0, payload.size)
        self.numbered += 1
        flow.used = self.numbered
        inside = ""
        if verdict[0] in CARRIERS and (opened := carried(PROTOCOLS[verdict[0]], whole)) is not None:
            inside = classify.classify(opened[1]).protocol
        datagram = Datagram(file, frame, layer, time, flow.flow, whole, length, identification)
        rows.append(named_tuple(reference.Row, (datagram, *verdict, inside)))
        return 0

    cdef int judged(
        self, list entries, bytes payload, int row, int64_t number, int64_t length, FlowState flow,
        int64_t file, int64_t frame, int64_t layer, int64_t time, int64_t identification, int depth,
    ) except -1:
        """Let the evidence judge a datagram, unless what it would say is known."""
        cdef int protocol
        cdef Entry entry
        if self.brief and SETTLED_BY[row] and (
            flow.pair.seen & SETTLED_BY[row] or not flow.pair.waiting and flow.pair.outer is None
        ) and (not IS_REPORT[row] or not self.may_continue(flow, payload) and self.reports(payload)):
            flow.pair.seen |= SETTLED_BY[row]
            protocol = ROWS[row][0]
            entry = entry_of(
                number, file, frame, layer, time, flow, length, payload, row, protocol, "certain", IS_ENCRYPTED[row],
                identification,
            )
            self.put(entries, entry, flow)
        else:
            entry = entry_of(
                number, file, frame, layer, time, flow, length, payload, row, C_UNKNOWN, None,
                row != C_UNKNOWN_ROW and IS_ENCRYPTED[row], identification,
            )
            if IS_MEDIA[row] and not self.forced and len(payload) >= 12 and not is_quics(flow):
                self.settle(entries, self.beginnings.rtp(entry, flow, payload))
            else:
                self.settle(entries, self._evidence.judge(entry))
            # A stream may have begun, also with what looks like RTCP, and another one have given way.
            self.generation = self.beginnings.streams.hits + self._evidence._forgotten
        if row == C_UNKNOWN_ROW:
            return 0
        if IS_MEDIA[row] and len(payload) >= 12:
            self.goes_on(flow, u32(over(payload), 8))
        elif IS_CARRIER[row] and depth < MAX_CARRIED_DEPTH and (
            not IS_STUN[row] or (len(payload) >= 2 and IS_OPENED[u16(over(payload), 0)])
        ):
            self.carried(entries, entry, depth)
        return 0

    cdef bint may_continue(self, FlowState flow, bytes payload) except -1:
        """Whether what looks like RTCP has the source of a stream on its flow, or of RTP that waits there."""
        if len(payload) < 12:
            return False
        key = flow.number, u32(over(payload), 8)
        return PyDict_Contains(self.beginnings.streams, key) or key in self.beginnings.candidates

    cdef bint reports(self, bytes payload) except -1:
        """Note whom a report names, as `Evidence._reports` does; False where somebody may wait for word of them."""
        cdef Octets octets = over(payload)
        cdef int first = FIRST_HEARD[u8(octets, 1)] if u8(octets, 0) & 0x1F else 0
        cdef int64_t sender = u32(octets, 4) if octets.size >= 8 else 0
        cdef int64_t heard = u32(octets, first) if first and octets.size >= first + 4 else 0
        if self.waiting and (sender in self.waiting or heard in self.waiting):
            return False
        self.name(sender)
        self.name(heard)
        return True

    cdef int name(self, int64_t ssrc) except -1:
        """Note that RTCP named a source, unless that is none at all."""
        source = ssrc
        if ssrc and PyDict_Contains(self.reported, source):
            move_to_end(self.reported, source)
        elif ssrc:
            self.reported[source] = True
        return 0

    cdef inline bint media(
        self, Octets payload, int64_t length, FlowState flow, int64_t file, int64_t frame, int64_t time,
        int64_t identification, int depth, bint encrypted,
    ) except -1:
        """Count a datagram of a stream that is confirmed on this flow; False when there is none."""
        cdef uint32_t ssrc = u32(payload, 8)
        cdef uint64_t seen = flow.pair.seen
        cdef Counters counters = self.stream(flow, ssrc)
        if counters is None or (seen & SEEN_QUIC and not seen & BESIDE_QUIC):
            return False
        counters.count(payload, length, time, file, frame, identification)
        counters.used = flow.used
        flow.settle(RTP, encrypted or seen & KEYED)
        if depth == 0:
            self.tally[RTP] += 1
            self.tally_octets[RTP] += length
        else:
            self.inside += 1
        return True

    cdef inline Counters stream(self, FlowState flow, uint32_t ssrc):
        """The counters of a confirmed stream as the flow remembers them, or None."""
        cdef Counters latest = flow.latest
        if flow.generation != self.generation:
            flow.latest = flow.streams = None
            flow.generation = self.generation
            return None
        if latest is not None and latest.ssrc == ssrc:
            return latest
        if flow.streams is None:
            return None
        latest = <Counters> flow.streams.get(ssrc)
        if latest is not None:
            flow.latest = latest
        return latest

    cdef int goes_on(self, FlowState flow, uint32_t ssrc) except -1:
        """Let the flow remember the counters of a stream, if it is confirmed by now."""
        known = self.stream(flow, ssrc)
        counters = self.beginnings.streams.get((flow.number, ssrc))
        if counters is None or known is counters:
            return 0
        if flow.latest is None:
            flow.latest = counters
            return 0
        if flow.streams is None:
            flow.streams = {(<Counters> flow.latest).ssrc: flow.latest}
        flow.streams[ssrc] = flow.latest = counters
        return 0

    cdef int carried(self, list entries, Entry entry, int depth) except -1:
        """Take what TURN carries in an entry; it counts on a flow of its own."""
        cdef FlowState outer = entry.flow
        if IS_STUN[entry.row] and entry.payload[:2] in BINDING:
            bind(outer.pair, entry.payload, self.hits)
        opened = carried(PROTOCOLS[ROWS[entry.row][0]], entry.payload, outer.pair.channels)
        if opened is None:
            return 0
        inside, data = opened
        cdef FlowState flow = self.flows.find(outer.key._replace(inside=inside), outer.pair)
        cdef bytes whole = bytes(data)
        return self.datagram(
            entries, over(whole), len(whole), flow, entry.file, entry.frame, entry.layer, entry.time,
            entry.identification, depth + 1,
        )

    cdef int settle(self, list entries, settled) except -1:
        """Count entries with their verdicts, and put them into the batch."""
        cdef Entry entry
        cdef FlowState flow
        for entry in settled:
            flow = entry.flow
            if entry.protocol == RTP and flow.pair.seen & KEYED:
                entry.encrypted = True
            self.put(entries, entry, flow)
        return 0

    cdef int put(self, list entries, Entry entry, FlowState flow) except -1:
        """Count one entry with its verdict, and put it into the batch unless nobody would ask for it there."""
        cdef int protocol = entry.protocol
        flow.settle(protocol, entry.encrypted)
        if protocol == C_UNKNOWN:
            flow.unknown_octets += entry.length
        if entry.number >= 0:
            self.tally[protocol] += 1
            self.tally_octets[protocol] += entry.length
            if self.verdicts is not None:
                self.verdicts.note(
                    entry.number, (protocol, entry.row, entry.strength, entry.evidence, entry.encrypted)
                )
        elif protocol == C_UNKNOWN:
            return 0
        else:
            self.inside += 1
        if entry.strength == "plausible":
            self.unconfirmed.note(ROWS[entry.row][0], flow.key, entry.payload, entry.file, entry.frame)
        entries.append(entry)
        return 0


@final
cdef class Teller:
    """As `mux.teller.Teller`: a scan that asks for verdicts instead of making them."""

    build = "compiled"
    cdef Scanner scanner

    def __init__(self, verdicts):
        self.scanner = Scanner()
        self.scanner.told = verdicts

    @property
    def connections(self):
        return self.scanner.connections

    def read(self, int64_t file, walker, chunk not None, bint leave=False):
        """The rows of the records that are whole with the next octets of a capture, which `walker` walks. None is left."""
        for batch in self.scanner.read(file, walker, chunk):
            yield batch.entries
        return 0

    def scan(self, records):
        """The rows of records, each with its file's number, some at a time."""
        for batch in self.scanner.scan(records):
            yield batch.entries

    def finish(self):
        """The rows of what connections had left."""
        rows = []
        self.scanner.streamed(rows, self.scanner.connections.finish())
        return rows


cdef inline Entry entry_of(
    int64_t number, int64_t file, int64_t frame, int64_t layer, int64_t time, FlowState flow, int64_t length,
    bytes payload, int row, int protocol, strength, bint encrypted, int64_t identification,
):
    """An entry of which nothing but its row tells what it is."""
    cdef Entry made = <Entry> Entry.__new__(Entry)
    made.number, made.file, made.frame, made.layer, made.time = number, <int> file, frame, <int> layer, time
    made.flow, made.length, made.payload, made.row, made.protocol = flow, length, payload, row, protocol
    made.strength, made.evidence, made.encrypted, made.identification = strength, "", encrypted, identification
    return made


cdef bint words(const Candidate *candidate) noexcept:
    """As `unconfirmed.is_text`."""
    cdef const unsigned char *payload = <const unsigned char *> candidate + sizeof(Candidate)
    cdef int at
    for at in range(TEXT_OCTETS):
        if at >= candidate.size or not IS_PRINTABLE[payload[at]]:
            return False
    return True


cdef bint commented(Octets octets, Py_ssize_t at, Py_ssize_t end, bint big) except -1:
    """Whether the options of a block may hold a comment, which the walker keeps."""
    cdef int i, code, length
    for i in range(MAX_OPTIONS):
        if at + 4 > end:
            return False
        code, length = u16(octets, at), u16(octets, at + 2)
        if not big:
            code, length = code >> 8 | (code & 0xFF) << 8, length >> 8 | (length & 0xFF) << 8
        if code == 0:
            return False
        if code == 1:
            return True
        at += 4 + ((length + 3) & ~3)
    return True
