"""Records to batches: link layers, UDP and messages of TCP, the row of the table, evidence, counters of flows, streams.

This is the interpreted scan, the reference: the standard library alone. Batches hold datagrams in the order in which
their verdicts fell; however the records are cut into calls, the order and the verdicts are the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds as Hits
from dissectors.mux.carried import BINDING, bind, carried
from dissectors.mux.classify import match
from dissectors.mux.connection import ANY_ROW, Whole
from dissectors.mux.connections import Connections
from dissectors.mux.counters import Counters
from dissectors.mux.entry import Entry
from dissectors.mux.evidence import KEYED, RTP, STUN, TURN, Announced, Evidence
from dissectors.mux.flows import FlowKey, FlowState, FlowTable
from dissectors.mux.streams import StreamTable
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN, UNKNOWN_ROW
from dissectors.mux.unconfirmed import AllUnconfirmed
from dissectors.wire.captures.records import Record, Walker
from dissectors.wire.datagram import Datagram
from dissectors.wire.link.fragments import Fragments
from dissectors.wire.link.frames import Frames
from dissectors.wire.link.icmp_errors import IcmpErrors
from dissectors.wire.values import NamedTuple, Struct

if TYPE_CHECKING:
    from dissectors.mux.verdicts import Verdicts

BATCH_RECORDS, BATCH_OCTETS = 1 << 15, 1 << 23
"""Records of a batch, and octets that fill it with fewer: it ends at the same one in both scans."""

MAX_CARRIED_DEPTH = 4

RECENT_RECORDS = 16
"""Records whose times are remembered."""


class Bounds(Struct, frozen=True):
    """How much may be open at once: flows, streams, datagrams in probation."""

    flows: int = 524_288
    streams: int = 262_144
    waiting: int = 524_288


class Row(NamedTuple):
    """One settled datagram; `protocol` is a number of `PROTOCOLS`, `row` of `ROWS` (or `UNKNOWN_ROW`).

    `strength` is certain, confirmed, plausible (then nothing confirmed the row and the protocol is unknown) or None.
    `inside` names the protocol that TURN carried in it, if any.
    """

    datagram: Datagram
    protocol: int
    row: int
    strength: str | None
    evidence: str
    encrypted: bool
    inside: str


class Batch:
    """Settled datagrams, in the order in which their verdicts fell.

    One that is `full` ends at a record that depends on nothing but the records before it.
    """

    __slots__ = ("entries", "full")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.full = False

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def signalling(self) -> Iterator[Entry]:
        """Every entry that is neither media nor plainly unknown: what the analysis reads one by one."""
        return (entry for entry in self.entries if entry.protocol != RTP and entry.strength is not None)


class Scanner:
    """Turns records into batches and keeps what they add up to: `flows`, `streams`, `frames`.

    `counts` and `octets` are by protocol number, over UDP datagrams and messages of TCP; `datagrams` counts the former,
    `messages` the latter, `inside` what TURN carried in some of them.
    `first` and `last` are the earliest and the latest time of a record in nanoseconds, `recent_times` those of the last
    `RECENT_RECORDS` records as they came. `unconfirmed` is what merely looked like a protocol until it was given up.
    `forced` maps UDP ports to protocol names that the
    user insists on. With `every`, batches are sure to hold every datagram, and with `frame` those of the frames of that
    number, as they always do here. `verdicts` gets the verdict on each datagram.
    """

    build = "interpreted"

    def __init__(
        self,
        bounds: Bounds | None = None,
        forced: dict[int, str] | None = None,
        every: bool = False,
        frame: int | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        self.bounds = bounds or Bounds()
        self._verdicts = verdicts
        self._hits = Hits()
        self.frames = Frames(Fragments(bounds=self._hits), IcmpErrors(bounds=self._hits))
        self.flows = FlowTable(self.bounds.flows, self._hits)
        numbers = {port: PROTOCOLS.index(name) for port, name in (forced or {}).items()}
        self._evidence = Evidence(self.bounds.waiting, self.bounds.streams, self._hits, numbers)
        self.counts = [0] * len(PROTOCOLS)
        self.octets = [0] * len(PROTOCOLS)
        self.connections = Connections(self._hits)
        self.unconfirmed = AllUnconfirmed()
        self.datagrams = self.messages = self.inside = self._arrived = 0
        self.first: int | None = None
        self.last: int | None = None
        self._times: deque[int] = deque(maxlen=RECENT_RECORDS)
        self._batch_records = self._batch_octets = 0

    @property
    def streams(self) -> list[Counters]:
        """The counters of every confirmed RTP stream, once each."""
        return self._evidence.confirmed

    @property
    def stream_table(self) -> StreamTable:
        """The same by flow and SSRC."""
        return self._evidence.streams

    @property
    def recent_times(self) -> tuple[int, ...]:
        """The times of the last records, the latest to come last."""
        return tuple(self._times)

    @property
    def bounds_hit(self) -> dict[str, int]:
        """How often which bound made something give way."""
        return bounds_hit(self._hits, self._evidence)

    def read(
        self, file: int, walker: Walker, chunk: bytes | memoryview, leave: bool = False
    ) -> Generator[Batch, None, int]:
        """Batches of the records that are whole with the next octets of a capture, which `walker` walks.

        Returns how many octets it left at the end, which come again before those that follow. It leaves some only with
        `leave`, behind records that it took: as a rule of one that is not whole yet.
        """
        yield from self.scan((file, record) for record in walker.feed(bytes(chunk)))
        return 0

    def scan(self, records: Iterable[tuple[int, Record]], size: int = BATCH_RECORDS) -> Iterator[Batch]:
        """Batches of `size` records or of BATCH_OCTETS, each with its file's number; the last is the rest.

        What came before counts for the first one.
        """
        batch = Batch()
        for file, record in records:
            if self.first is None or self.last is None:
                self.first = self.last = record.time
            self.first, self.last = min(self.first, record.time), max(self.last, record.time)
            self._times.append(record.time)
            for layer, src, dst, sport, dport, payload, length, number in self.frames.udp(record, file):
                flow = self.flows.find(FlowKey(src, sport, dst, dport))
                self.datagrams += 1
                self._take(batch, file, record.frame, record.time, layer, flow, bytes(payload), length, number, 0)
            for packet in self.frames.hep:
                self._streamed(batch, self.connections.unpack(packet, file, record.frame, record.time))
            for segment in self.frames.tcp:
                self._streamed(batch, self.connections.take(segment, file, record.frame, record.time))
            self._batch_records += 1
            self._batch_octets += len(record.octets)
            if self._batch_records >= size or self._batch_octets >= BATCH_OCTETS:
                self._batch_records = self._batch_octets = 0
                batch.full = True
                yield batch
                batch = Batch()
        yield batch

    def settle_announced(self, flows: Mapping[int, FlowState], announced: Announced) -> None:
        """Settle what waits to be a stream on these flows, by number, as far as calls have `announced` it."""
        self._settle(Batch(), self._evidence.announced_on(flows, announced))

    def forget(self, streams: list[Counters], flows: list[FlowState]) -> None:
        """Let go of streams and flows that are over and counted elsewhere."""
        self._evidence.forget(streams)
        self.flows.forget(flows)

    def finish(self, announced: Announced | None = None) -> Batch:
        """What was still waiting for evidence, given up; `announced` says which RTP the calls have agreed on."""
        batch = Batch()
        self._streamed(batch, self.connections.finish())
        self._settle(batch, self._evidence.finish(announced))
        return batch

    def _streamed(self, batch: Batch, messages: Iterable[Whole]) -> None:
        """Take messages of connections."""
        for key, payload, length, layer, (_, file, frame, time, identification), row in messages:
            flow = self.flows.find(key)
            self.messages += 1
            self._take(batch, file, frame, time, layer, flow, payload, length, identification, 0, row)

    def _take(
        self,
        batch: Batch,
        file: int,
        frame: int,
        time: int,
        layer: int,
        flow: FlowState,
        payload: bytes,
        length: int,
        identification: int,
        depth: int,
        row: int = ANY_ROW,
    ) -> None:
        row = match(payload, length) if row == ANY_ROW else row
        if not flow.datagrams:
            flow.first, flow.first_frame = time, (file, frame)
        flow.datagrams += 1
        flow.octets += length
        flow.last = time
        self._arrived += 1
        flow.used = self._arrived
        number = self.datagrams + self.messages - 1 if depth == 0 else -1
        encrypted = row != UNKNOWN_ROW and ROWS[row][1].encrypted
        entry = Entry(
            number, file, frame, layer, time, flow, length, payload, row, UNKNOWN, None, "", encrypted,
            identification,
        )
        self._settle(batch, self._evidence.judge(entry))
        if row != UNKNOWN_ROW and ROWS[row][0] in (TURN, STUN) and depth < MAX_CARRIED_DEPTH:
            self._open(batch, entry, depth)

    def _open(self, batch: Batch, entry: Entry, depth: int) -> None:
        """Classify again what TURN carries; it counts on a flow of its own, named after the channel or the peer."""
        outer = entry.flow
        if ROWS[entry.row][0] == STUN and entry.payload[:2] in BINDING:
            bind(outer.pair, entry.payload, self._hits)
        opened = carried(PROTOCOLS[ROWS[entry.row][0]], entry.payload, outer.pair.channels)
        if opened is not None:
            inside, data = opened
            flow = self.flows.find(outer.key._replace(inside=inside), outer.pair)
            self._take(
                batch, entry.file, entry.frame, entry.time, entry.layer, flow, data, len(data), entry.identification,
                depth + 1,
            )

    def _settle(self, batch: Batch, entries: list[Entry]) -> None:
        for entry in entries:
            flow, protocol = entry.flow, entry.protocol
            if protocol == RTP and flow.pair.seen & KEYED:
                entry.encrypted = True
            flow.counts[protocol] += 1
            flow.unknown_octets += entry.length if protocol == UNKNOWN else 0
            flow.encrypted += entry.encrypted
            if entry.number >= 0:
                self.counts[protocol] += 1
                self.octets[protocol] += entry.length
                if self._verdicts is not None:
                    verdict = protocol, entry.row, entry.strength, entry.evidence, entry.encrypted
                    self._verdicts.note(entry.number, verdict)
            elif protocol == UNKNOWN:
                continue
            else:
                self.inside += 1
            if entry.strength == "plausible":
                looks_like = ROWS[entry.row][0]
                self.unconfirmed.note(looks_like, flow.key, entry.payload, entry.file, entry.frame)
            batch.entries.append(entry)


def middle(times: Sequence[int]) -> int:
    """What the clock says, by some times of which a few may be wrong: the middle one.

    One that is far from the others does not move it, and it follows a clock that was set.
    """
    return sorted(times)[len(times) // 2]


def bounds_hit(hits: Hits, evidence: Evidence) -> dict[str, int]:
    """How often which bound of a scan made something give way, and what found no room in the counters of streams."""
    return dict(+(hits.hits + evidence.left_out()))
