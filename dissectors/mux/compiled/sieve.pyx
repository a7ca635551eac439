"""Records of a capture that Python need not look at: they are walked here, without an object for any of them.

What a frame is, is said as the scan says it, by the same table. Whatever is unusual stops a walk, and Python goes on.
"""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Realloc
from cython cimport final
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

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
include "records.pxi"
include "walk.pxi"

cdef enum:
    MOST_ROWS = 256
    MOST_FLOWS = 1 << 16
    SEVERAL = -1
    NOBODY = -2

cdef int64_t LARGEST_USUAL = offload.LARGEST_USUAL


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
