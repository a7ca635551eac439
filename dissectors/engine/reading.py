"""Signalling on its way to its trackers: read protocol by protocol, a few datagrams at a time.

The one place that catches `Malformed`. What reads a protocol stays in the processor's caches as long as nothing else
comes in between, and each protocol has trackers of its own. So a batch is read protocol by protocol, and each run of
datagrams is parsed before it is tracked; what was wrong is noted in the order of the datagrams all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from dissectors.engine.problems import Kept, Problems, without_numbers
from dissectors.engine.unread import UDP_PORTS
from dissectors.mux.evidence import Entry
from dissectors.mux.scan import Batch
from dissectors.mux.table import PROTOCOLS, ROWS
from dissectors.report import Place
from dissectors.wire.datagram import Datagram
from dissectors.wire.errors import Malformed
from dissectors.wire.link.tunnels import TUNNELS

RUN_DATAGRAMS, RUN_OCTETS = 64, 1 << 16
"""What ends a run: what hostile datagrams become when they are parsed takes memory."""

TEXT_OCTETS = 16
"""So many printable octets at the start are text: of what is encrypted one in five million looks like it."""

PRINTABLE = bytes((*b"\t\r\n", *range(0x20, 0x7F)))

Numbered = tuple[int, Datagram]
"""A datagram and its number within the batch."""


Take = Callable[[Datagram, Any], Sequence[Malformed] | None]

OTHER_SERVICES = frozenset((
    53, 67, 68, 69, 88, 111, 123, 137, 138, 161, 162, 389, 500, 514, 520, 546, 547, 853, 1645, 1646, 1701, 1812, 1813,
    1900, 2123, 3386, 3702, 4500, 5351, 5353, 5355, 9060, 9996, 51820, *TUNNELS, *UDP_PORTS,
))
"""UDP ports of names, time, addresses, management, tunnels and the like: what merely looks like media there is none."""


class Reader:
    """What parses the datagrams of a protocol, and what takes them; that may raise or give back what is wrong.

    It is no value: who takes them holds it, and Python has to look for such cycles.
    """

    __slots__ = ("parse", "take")

    def __init__(self, parse: Callable[[bytes], Any], take: Take) -> None:
        self.parse, self.take = parse, take


class SignallingReader:
    """Reads batches; `plausible` counts by protocol what is not read because nothing confirms it, with its first port.

    What belongs to another service by its port, or is text, is not worth asking about.
    """

    def __init__(self, readers: Mapping[str, Reader], problems: Problems) -> None:
        self.plausible: dict[str, tuple[int, Kept]] = {}
        self._readers = {number: readers[name] for number, name in enumerate(PROTOCOLS) if name in readers}
        self._problems = problems

    def feed(self, batch: Batch) -> None:
        """Read the settled datagrams of a batch and note what is wrong with them."""
        waiting: dict[int, list[Numbered]] = {protocol: [] for protocol in self._readers}
        for number, entry in enumerate(batch.signalling):
            if entry.strength == "plausible":
                self._unconfirmed(entry)
            elif entry.protocol in waiting:
                waiting[entry.protocol].append((number, self._datagram(entry)))
        wrong = [
            each
            for protocol, datagrams in waiting.items()
            for run in _runs(datagrams)
            for each in _read(run, self._readers[protocol])
        ]
        for _, datagram, malformed in sorted(wrong, key=itemgetter(0)):
            self._broken(datagram, malformed)

    def _unconfirmed(self, entry: Entry) -> None:
        flow = entry.flow.flow
        if OTHER_SERVICES.isdisjoint((flow.sport, flow.dport)) and not _is_text(entry.payload):
            name = PROTOCOLS[ROWS[entry.row][0]]
            self.plausible.setdefault(name, (flow.dport, Kept(name)))[1].add(Place(entry.file, entry.frame))

    def _datagram(self, entry: Entry) -> Datagram:
        _, file, frame, layer, time, flow, length, payload, _, protocol, _, _, _, identification = entry
        if len(payload) < length:
            what = f"{PROTOCOLS[protocol]} messages are cut by the capture"
            self._problems.note("capture-snaplen", what, Place(file, frame))
        return Datagram(file, frame, layer, time, flow.flow, payload, length, identification)

    def _broken(self, datagram: Datagram, malformed: Malformed) -> None:
        """Note what cannot be read, unless the capture is to blame."""
        if not datagram.cut:
            what, place = f"{malformed.protocol}: {malformed.reason}", Place(datagram.file, datagram.frame)
            self._problems.note("message-malformed", what, place, without_numbers(what))


def _is_text(payload: bytes) -> bool:
    """Whether a datagram begins with words: a log, a text protocol. What is encrypted never does, however it looks."""
    start = payload[:TEXT_OCTETS]
    return len(start) == TEXT_OCTETS and not start.translate(None, PRINTABLE)


def _runs(datagrams: list[Numbered]) -> Iterator[list[Numbered]]:
    run: list[Numbered] = []
    octets = 0
    for each in datagrams:
        run.append(each)
        octets += len(each[1].payload)
        if octets >= RUN_OCTETS or len(run) >= RUN_DATAGRAMS:
            yield run
            run, octets = [], 0
    yield run


def _read(run: list[Numbered], reader: Reader) -> Iterator[tuple[int, Datagram, Malformed]]:
    """Parse a run, track it, and tell what was wrong with which datagram."""
    parsed = []
    for number, datagram in run:
        try:
            parsed.append((number, datagram, reader.parse(datagram.payload)))
        except Malformed as malformed:
            yield number, datagram, malformed
    for number, datagram, message in parsed:
        try:
            within = reader.take(datagram, message)
        except Malformed as malformed:
            within = (malformed,)
        if within:
            for each in within:
                yield number, datagram, each
