"""Records to rows: every datagram of a capture that was scanned before, in order, each with its verdict.

This is the interpreted teller, the reference for the compiled one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator

from dissectors.limits.budget import Bounds
from dissectors.mux.carried import carried
from dissectors.mux.classify import classify
from dissectors.mux.connection import Whole
from dissectors.mux.connections import Connections
from dissectors.mux.entry import Entry
from dissectors.mux.flows import FlowKey, FlowState, written_out
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.mux.verdicts import FinalVerdict
from dissectors.wire.captures.records import Record, Walker
from dissectors.wire.datagram import Datagram
from dissectors.wire.link.frames import Frames
from dissectors.wire.values import NamedTuple

BATCH_ROWS = 4096
"""Rows that are told together."""


class Teller:
    """Takes the records that a scan took, as they are or in octets; `verdicts` has one for each datagram in order."""

    build = "interpreted"

    def __init__(self, verdicts: Iterator[FinalVerdict]) -> None:
        self._verdicts = verdicts
        self._frames = Frames()
        self.connections = Connections(Bounds())

    def read(
        self, file: int, walker: Walker, chunk: bytes | memoryview, leave: bool = False
    ) -> Generator[list[Row], None, int]:
        """The rows of the records that are whole with the next octets of a capture, which `walker` walks.

        It leaves none.
        """
        yield from self.scan((file, record) for record in walker.feed(bytes(chunk)))
        return 0

    def scan(self, records: Iterable[tuple[int, Record]]) -> Iterator[list[Row]]:
        """The rows of records, each with its file's number, some at a time."""
        rows: list[Row] = []
        for file, record in records:
            rows += map(self._row, self._datagrams(file, record))
            if len(rows) >= BATCH_ROWS:
                yield rows
                rows = []
        yield rows

    def finish(self) -> list[Row]:
        """The rows of what connections had left."""
        return [self._row(_message(whole)) for whole in self.connections.finish()]

    def _row(self, datagram: Datagram) -> Row:
        return _judged(datagram, next(self._verdicts))

    def _datagrams(self, file: int, record: Record) -> Iterator[Datagram]:
        """The datagrams of a record and the messages that it completes, in the order in which a scan numbers them."""
        for layer, src, dst, sport, dport, payload, length, number in self._frames.udp(record, file):
            flow = written_out(FlowKey(src, sport, dst, dport))
            yield Datagram(file, record.frame, layer, record.time, flow, bytes(payload), length, number)
        for packet in self._frames.hep:
            yield from map(_message, self.connections.unpack(packet, file, record.frame, record.time))
        for segment in self._frames.tcp:
            yield from map(_message, self.connections.take(segment, file, record.frame, record.time))


class FrameRows(NamedTuple):
    """The datagrams of one frame: each with how many datagrams of which protocol its 5-tuple has in both directions.

    `begin` is the time of the first datagram of the capture, None without one, `frames` how many frames that has.
    """

    rows: list[tuple[Row, Counter[str]]]
    begin: int | None
    frames: int


def row_of(entry: Entry) -> Row:
    """The row of an entry that is settled."""
    return _judged(entry.datagram, (entry.protocol, entry.row, entry.strength, entry.evidence, entry.encrypted))


def beside(flows: Iterable[FlowState], wanted: FlowState) -> Counter[str]:
    """How many datagrams of which protocol a 5-tuple has in both directions; what TURN carried counts elsewhere."""
    ways = wanted.key[:4], wanted.key.reverse[:4]
    same = [flow for flow in flows if flow.key[:4] in ways and flow.pair.outer is None]
    found: Counter[str] = Counter()
    for flow in same if wanted in same else [*same, wanted]:
        found += Counter(dict(zip(PROTOCOLS, flow.counts, strict=True)))
    return found


def _judged(datagram: Datagram, verdict: FinalVerdict) -> Row:
    protocol, row, strength, evidence, encrypted = verdict
    opened = carried(PROTOCOLS[protocol], datagram.payload)
    return Row(datagram, protocol, row, strength, evidence, encrypted, classify(opened[1]).protocol if opened else "")


def _message(whole: Whole) -> Datagram:
    origin = whole.origin
    return Datagram(
        origin.file, origin.frame, whole.layer, origin.time, written_out(whole.key), whole.payload, whole.length,
        origin.identification,
    )
