"""What the analysis says of the datagrams of a capture: which are media of a stream, and which are something else."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from heapq import merge
from typing import NamedTuple

from dissectors import offline
from dissectors.mux.classify import looks_like
from dissectors.mux.entry import Entry
from dissectors.mux.evidence import RTP
from dissectors.mux.scan import Batch
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN, UNKNOWN_ROW
from dissectors.offline import Media
from dissectors.queries.owned import Ends
from dissectors.wire.datagram import UDP
from dissectors.wire.link.headers import Udp

MEDIA = PROTOCOLS[RTP]
FRAME_BITS, LAYER_BITS, PROTOCOL_BITS, MOST_LAYERS = 24, 16, 8, 255
"""Where in a number a frame, a layer and a protocol stand; the lowest bit says that it is encrypted."""

RTP_OCTETS, EVENT_OCTETS = 12, 4


class Read(NamedTuple):
    """What the analysis reads of a stream's payloads: telephone events of some types, numbers of what is sent again."""

    events: frozenset[int] = frozenset()
    numbered: bool = False


NOTHING = Read()


class Verdict(NamedTuple):
    """The protocol of a datagram, whether it is encrypted, and what is read of its payload."""

    protocol: str
    encrypted: bool
    read: Read = NOTHING


class Heard:
    """The verdicts on a capture; `streams` says by flow and SSRC whether media are encrypted.

    `read` says of those of which more than the header is read what that is. What is no media is held in eight octets a
    datagram. `has_tcp` says whether there are segments of TCP.
    """

    def __init__(self) -> None:
        self.streams: dict[tuple[Ends, int], bool] = {}
        self.has_tcp = False
        self.read: dict[tuple[Ends, int], Read] = {}
        self._others, self._late = array("Q"), array("Q")

    def take(self, entry: Entry) -> None:
        """Remember a settled datagram, unless its stream will tell of it."""
        is_usual = entry.protocol == RTP and entry.row != UNKNOWN_ROW and ROWS[entry.row][0] == RTP
        if entry.protocol != UNKNOWN and not is_usual and entry.number >= 0 and entry.flow.flow.transport == UDP:
            layer = min(entry.layer, MOST_LAYERS)
            place = entry.frame << FRAME_BITS | layer << LAYER_BITS
            number = place | entry.protocol << PROTOCOL_BITS | entry.encrypted
            # What had to wait for its verdict comes behind what came later.
            ordered = not self._others or number >= self._others[-1]
            (self._others if ordered else self._late).append(number)

    def settle(self, media: Media) -> None:
        """All is settled: remember the streams."""
        if self._late:
            self._others = array("Q", merge(self._others, sorted(self._late)))
            del self._late[:]
        self.has_tcp = media.segments > 0
        for stream in media.streams:
            for flow in stream.flows:
                if flow.transport == UDP and not flow.inside:
                    self.streams[flow[:4], stream.ssrc] = stream.encrypted
                    if stream.events or stream.numbered:
                        self.read[flow[:4], stream.ssrc] = Read(stream.events, stream.numbered)

    @property
    def numbered(self) -> list[tuple[Ends, int]]:
        """The streams whose payloads begin with numbers that are read."""
        return [key for key, read in self.read.items() if read.numbered]

    @property
    def events(self) -> frozenset[int]:
        """The payload types of all that is read as telephone events."""
        return frozenset(number for read in self.read.values() for number in read.events)

    @property
    def others(self) -> array[int]:
        """Numbers in order, one for each datagram that is no usual media: where and what it is."""
        return self._others

    def of(self, frame: int, udps: Sequence[Udp], number: int) -> Verdict | None:
        """The verdict on one of the datagrams of a frame; None for what is nothing that is known."""
        udp = udps[number]
        beside = self._at(frame, udp.layer)
        # Offload leaves several packets in one; where they are of several kinds, nothing says which is which.
        alike = [each for each in udps if each.layer == udp.layer]
        if beside and len(alike) == len(beside) and len(set(beside)) == 1:
            return beside[0] if beside[0].protocol != MEDIA else self._of_stream(udp)
        return None if beside or looks_like(udp.payload, udp.length) != MEDIA else self._of_stream(udp)

    def _at(self, frame: int, layer: int) -> list[Verdict]:
        place = frame << FRAME_BITS | min(layer, MOST_LAYERS) << LAYER_BITS
        found: list[Verdict] = []
        at = bisect_left(self._others, place)
        while at < len(self._others) and self._others[at] >> LAYER_BITS == place >> LAYER_BITS:
            value = self._others[at]
            found.append(Verdict(PROTOCOLS[value >> PROTOCOL_BITS & 0xFF], bool(value & 1)))
            at += 1
        return found

    def _of_stream(self, udp: Udp) -> Verdict | None:
        if len(udp.payload) < RTP_OCTETS:
            return None
        key = (udp.src, udp.sport, udp.dst, udp.dport), int.from_bytes(udp.payload[8:12], "big")
        encrypted = self.streams.get(key)
        return None if encrypted is None else Verdict(MEDIA, encrypted, self.read.get(key, NOTHING))


def hear(path: str, also: Callable[[Entry], object]) -> Heard:
    """Analyse a capture; `also` gets each settled datagram."""
    heard = Heard()

    def taken(batch: Batch) -> None:
        for entry in batch.entries:
            heard.take(entry)
            also(entry)

    heard.settle(offline.media(path, taken))
    return heard
