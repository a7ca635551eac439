"""The datagrams of chosen streams, in the order of the captures: what the second reading of a capture is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dissectors.limits.budget import Bounds
from dissectors.mux.carried import carried
from dissectors.mux.classify import looks_like
from dissectors.mux.connection import Whole
from dissectors.mux.connections import Connections
from dissectors.queries.frames import CARRIERS
from dissectors.queries.owned import Ends, ends_of
from dissectors.report import Place, Report
from dissectors.wire.captures.records import Record
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.frames import Frames

MAX_CARRIED_DEPTH = 4
HEADER = 12
NOWHERE = Place(0, 0)


class Taken(NamedTuple):
    """A datagram of RTP: the position of its stream in the report, its time in nanoseconds, its octets, `cut` or not.

    `place` is the frame that it came in, where a capture is read for it.
    """

    stream: int
    time: int
    octets: bytes
    cut: bool
    place: Place = NOWHERE


class Chosen:
    """Which stream a datagram is of: by its ends and its SSRC, and by its time where several streams have these."""

    def __init__(self, report: Report, positions: Sequence[int]) -> None:
        self._streams: dict[tuple[Ends, int], list[tuple[int, int, int]]] = {}
        for position in positions:
            stream = report.streams[position]
            span = int(stream.first * 1e9) - 1000, int(stream.last * 1e9) + 1000
            for number in stream.flows:
                if (ends := ends_of(report.flows[number])) is not None:
                    self._streams.setdefault((ends, stream.ssrc), []).append((*span, position))
        self._ends = {ends for ends, _ in self._streams}

    def of(self, ends: Ends, payload: bytes, length: int, time: int) -> Iterator[Taken]:
        """The datagram where it is of one of the streams, also where TURN carries it."""
        if ends not in self._ends:
            return
        for _ in range(MAX_CARRIED_DEPTH):
            name = looks_like(payload, length)
            if name == "RTP" and len(payload) >= HEADER:
                found = self._streams.get((ends, int.from_bytes(payload[8:12], "big")), ())
                for first, last, position in found:
                    if len(found) == 1 or first <= time <= last:
                        yield Taken(position, time, payload, len(payload) < length)
                        return
                return
            inner = carried(name, payload) if name in CARRIERS else None
            if inner is None:
                return
            payload, length = inner[1], len(inner[1])


def of_streams(report: Report, positions: Sequence[int], records: Iterable[tuple[int, Record]]) -> Iterator[Taken]:
    """The datagrams of these streams of a report, whose records come as they were analysed."""
    frames, connections, chosen = Frames(Fragments()), Connections(Bounds()), Chosen(report, positions)
    for file, record in records:
        for _, src, dst, sport, dport, payload, length, _ in frames.udp(record, file):
            for taken in chosen.of((src, sport, dst, dport), payload, length, record.time):
                yield taken._replace(place=Place(file, record.frame))
        for segment in frames.tcp:
            for whole in connections.take(segment, file, record.frame, record.time):
                yield from _of_whole(chosen, whole)
        for packet in frames.hep:
            for whole in connections.unpack(packet, file, record.frame, record.time):
                yield from _of_whole(chosen, whole)
    for whole in connections.finish():
        yield from _of_whole(chosen, whole)


def _of_whole(chosen: Chosen, whole: Whole) -> Iterator[Taken]:
    key = whole.key
    return chosen.of((key.src, key.sport, key.dst, key.dport), whole.payload, whole.length, whole.origin.time)
