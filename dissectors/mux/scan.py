"""Records to batches: link layers and UDP, the row of the table, the evidence, the counters of flows and streams.

This is the interpreted scan, the reference: the standard library alone. Batches hold datagrams in the order in which
their verdicts fell; however the records are cut into calls, the order and the verdicts are the same.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dissectors.mux.classify import match
from dissectors.mux.evidence import DTLS, RTP, STUN, TURN, Entry, Evidence
from dissectors.mux.flows import FlowKey, FlowState, FlowTable
from dissectors.mux.inside import carried
from dissectors.mux.table import PROTOCOLS, ROWS, UNKNOWN, UNKNOWN_ROW
from dissectors.wire.datagram import Datagram
from dissectors.wire.frames import Frames
from dissectors.wire.records import Record

BATCH = 4096
MAX_INSIDE = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be open at once: flows, streams (and candidates for streams), datagrams in probation."""

    flows: int = 262_144
    streams: int = 131_072
    waiting: int = 65_536


class Row(NamedTuple):
    """One settled datagram of a batch; `protocol` is a number of `PROTOCOLS`, `row` of `ROWS` (or `UNKNOWN_ROW`)."""

    datagram: Datagram
    protocol: int
    row: int
    strength: str | None
    evidence: str
    encrypted: bool
    inside: bool


class Batch:
    """Settled datagrams. `signalling` are the numbers of the rows that are not media; `row(i)` gives one whole."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def signalling(self) -> list[int]:
        return [i for i, entry in enumerate(self.entries) if entry.protocol not in (RTP, UNKNOWN)]

    def row(self, i: int) -> Row:
        entry = self.entries[i]
        flow = entry.flow.flow
        datagram = Datagram(entry.file, entry.frame, entry.layer, entry.time, flow, entry.payload, entry.length)
        return Row(
            datagram, entry.protocol, entry.row, entry.strength, entry.evidence, entry.encrypted, entry.inside
        )

    def protocol(self, i: int) -> int:
        return self.entries[i].protocol

    def place(self, i: int) -> tuple[int, int, int]:
        """File, frame and layer of a row."""
        entry = self.entries[i]
        return entry.file, entry.frame, entry.layer


class Scanner:
    """Turns records into batches and keeps what they add up to: `flows`, `streams`, `frames`.

    `forced` maps UDP ports to protocol names that the user insists on.
    """

    def __init__(self, bounds: Bounds | None = None, forced: dict[int, str] | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.frames = Frames()
        self.flows = FlowTable(self.bounds.flows)
        numbers = {port: PROTOCOLS.index(name) for port, name in (forced or {}).items()}
        self._evidence = Evidence(self.bounds.waiting, self.bounds.streams, numbers)

    @property
    def streams(self):
        """The counters of every confirmed RTP stream, once each."""
        return list(dict.fromkeys(self._evidence.streams.values()))

    @property
    def bounds_hit(self) -> dict[str, int]:
        """How often which bound made something give way."""
        evidence = self._evidence
        hits = {
            "flows": self.flows.evicted,
            "streams": evidence.streams.evicted + evidence._candidates.evicted,
            "waiting": evidence.given_up,
        }
        return {name: count for name, count in hits.items() if count}

    def scan(self, records: Iterable[tuple[int, Record]], size: int = BATCH) -> Iterator[Batch]:
        """Batches of at least `size` rows (the last one is what is left) for records, each with its file's number."""
        batch = Batch()
        for file, record in records:
            for layer, src, dst, sport, dport, payload, length in self.frames.udp(record):
                flow = self.flows.find(FlowKey(src, sport, dst, dport))
                self._take(batch, file, record, layer, flow, bytes(payload), length, 0)
            if len(batch.entries) >= size:
                yield batch
                batch = Batch()
        yield batch

    def finish(self) -> Batch:
        """What was still waiting for evidence, given up."""
        batch = Batch()
        self._settle(batch, self._evidence.finish())
        return batch

    def _take(
        self, batch: Batch, file: int, record: Record, layer: int, flow: FlowState, payload: bytes, length: int, depth: int
    ) -> None:
        row = match(payload, length)
        if not flow.datagrams:
            flow.first, flow.first_frame = record.time, (file, record.frame)
        flow.datagrams += 1
        flow.octets += length
        flow.last = record.time
        encrypted = row != UNKNOWN_ROW and ROWS[row][1].encrypted
        entry = Entry(
            file, record.frame, layer, record.time, flow, length, payload, row, UNKNOWN, None, "", encrypted, depth > 0
        )
        self._settle(batch, self._evidence.judge(entry))
        if row != UNKNOWN_ROW and ROWS[row][0] in (TURN, STUN) and depth < MAX_INSIDE:
            self._open(batch, entry, record, depth)

    def _open(self, batch: Batch, entry: Entry, record: Record, depth: int) -> None:
        """Classify again what TURN carries; it counts on a flow of its own, named after the channel or the peer."""
        opened = carried(PROTOCOLS[ROWS[entry.row][0]], entry.payload)
        if opened is not None:
            inside, data = opened
            outer = entry.flow
            flow = self.flows.find(outer.key._replace(inside=inside), outer.pair)
            self._take(batch, entry.file, record, entry.layer, flow, data, len(data), depth + 1)

    def _settle(self, batch: Batch, entries: list[Entry]) -> None:
        for entry in entries:
            entry.flow.counts[entry.protocol] += 1
            if entry.protocol == RTP and entry.flow.pair.seen & 1 << DTLS:
                entry = entry._replace(encrypted=True)
            if entry.encrypted:
                entry.flow.encrypted += 1
            if not (entry.inside and entry.protocol == UNKNOWN):
                batch.entries.append(entry)
