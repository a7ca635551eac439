"""Segments of TCP in their frames, with other octets and other sequence numbers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dissectors.rewriting import packets
from dissectors.rewriting.courses import Courses, Rewritten
from dissectors.wire.captures.records import Record
from dissectors.wire.link import internet
from dissectors.wire.link.headers import PROTOCOL, Frame, Next
from dissectors.wire.tcp import Segment

HEADER, SEQUENCE, SUM = 20, 4, 16
"""Octets of the header without options, and where in it both numbers and the checksum stand."""

END, NOTHING, SELECTIVE = 0, 1, 5
KNOWN_OPTIONS = {
    NOTHING: (1,), 2: (4,), 3: (3,), 4: (2,), SELECTIVE: (10, 18, 26, 34), 8: (10,),
}
"""Options that are numbers of the connection alone, and how long they are (RFC 9293, 7323, 2018)."""


class Found(NamedTuple):
    """A segment at the end of a frame, and the headers on the way to it."""

    segment: Segment
    steps: list[Next]

    @property
    def at(self) -> int:
        return self.steps[-1].at

    def payload_at(self, octets: bytes) -> int:
        """Where its payload begins."""
        return self.at + 4 * (octets[self.at + 12] >> 4)


def found(frame: Frame, steps: list[Next]) -> Found | None:
    """The segment of a frame that holds one by itself, as it was walked."""
    last = steps[-1]
    if len(frame.tcp) != 1 or last.space != PROTOCOL or last.number != internet.TCP or frame.fragments.seen:
        return None
    return Found(frame.tcp[0], steps)


def rewritten(record: Record, one: Found, new: Rewritten, courses: Courses) -> Record | None:
    """The frame with its segment as it is now; None where what lies around does not allow other octets."""
    octets = record.octets
    start = one.payload_at(octets)
    header = bytearray(octets[one.at : start])
    struct.pack_into("!II", header, SEQUENCE, new.sequence, new.acknowledgement)
    _selected(header, lambda sequence: courses.acknowledged(one.segment, sequence))
    if new.payload == one.segment.payload or len(one.segment.payload) < one.segment.length:
        made = bytearray(octets)
        made[one.at : start] = header
        packets.adjust(made, one.at + SUM, octets[one.at : start], bytes(header), udp=False)
        return record._replace(octets=bytes(made))
    return packets.with_segment(record, one.steps, bytes(header), new.payload)


def without_foreign_options(octets: bytearray, at: int) -> None:
    """Leave of a header's options only those that are numbers of the connection."""
    end = min(len(octets), at + 4 * (octets[at + 12] >> 4))
    before = bytes(octets[at:end])
    for begin, to in _options(octets, at + HEADER, end):
        if to - begin not in KNOWN_OPTIONS.get(octets[begin], ()):
            octets[begin:to] = bytes((NOTHING,)) * (to - begin)
    packets.adjust(octets, at + SUM, before, bytes(octets[at:end]), udp=False)


def _selected(header: bytearray, moved: Callable[[int], int]) -> None:
    """Let selective acknowledgements (RFC 2018) follow."""
    for begin, to in _options(header, HEADER, len(header)):
        if header[begin] == SELECTIVE:
            for place in range(begin + 2, to - 3, 4):
                struct.pack_into("!I", header, place, moved(struct.unpack_from("!I", header, place)[0]))


def _options(octets: bytes | bytearray, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Where options begin and end; one that does not fit takes all that is left."""
    while at < end:
        size = 1 if octets[at] == NOTHING else octets[at + 1] if octets[at] != END and at + 1 < end else 0
        to = at + size if 0 < size <= end - at and (size > 1 or octets[at] == NOTHING) else end
        yield at, to
        at = to
