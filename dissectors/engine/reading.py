"""Signalling on its way to its trackers: read protocol by protocol, a few datagrams at a time.

The one place that catches `Malformed`. What reads a protocol stays in the processor's caches as long as nothing else
comes in between, and each protocol has trackers of its own. So a batch is read protocol by protocol, and each run of
datagrams is parsed before it is tracked; what was wrong is noted in the order of the datagrams all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from dissectors.engine.problems import Problems, without_numbers
from dissectors.mux.evidence import Entry
from dissectors.mux.scan import Batch
from dissectors.mux.table import PROTOCOLS
from dissectors.report import Place
from dissectors.wire.datagram import Datagram
from dissectors.wire.errors import Malformed

RUN_DATAGRAMS, RUN_OCTETS = 64, 1 << 16
"""What ends a run: what hostile datagrams become when they are parsed takes memory."""

Numbered = tuple[int, Datagram | Entry, Any]
"""A datagram and its number within the batch; one that need not be parsed as it was scanned, with what is known of it.
"""

Take = Callable[[Datagram, Any], Sequence[Malformed] | None]
Hold = Callable[[Entry, Any], None]


class Reader:
    """What parses the datagrams of a protocol, and what takes them; that may raise or give back what is wrong.

    `usual` says what is to be known of a datagram that need not be parsed, None of any other; `hold` takes both.
    It is no value: who takes them holds it, and Python has to look for such cycles.
    """

    __slots__ = ("hold", "parse", "take", "usual")

    def __init__(
        self, parse: Callable[[bytes], Any], take: Take, usual: Callable[[bytes], Any] | None, hold: Hold
    ) -> None:
        self.parse, self.take, self.usual, self.hold = parse, take, usual, hold


class SignallingReader:
    """Reads batches; what nothing confirms is not read."""

    def __init__(self, readers: Mapping[str, Reader], problems: Problems) -> None:
        self._readers = {number: readers[name] for number, name in enumerate(PROTOCOLS) if name in readers}
        self._problems = problems

    def feed(self, batch: Batch) -> None:
        """Read the settled datagrams of a batch and note what is wrong with them."""
        waiting: dict[int, list[Numbered]] = {protocol: [] for protocol in self._readers}
        for number, entry in enumerate(batch.signalling):
            if entry.protocol not in waiting:
                continue
            usual = self._readers[entry.protocol].usual
            known = usual(entry.payload) if usual is not None and len(entry.payload) == entry.length else None
            carried = self._datagram(entry) if known is None else entry
            waiting[entry.protocol].append((number, carried, known))
        wrong = [
            each
            for protocol, datagrams in waiting.items()
            for run in _runs(datagrams)
            for each in _read(run, self._readers[protocol])
        ]
        for _, datagram, malformed in sorted(wrong, key=itemgetter(0)):
            self._broken(datagram, malformed)

    def _datagram(self, entry: Entry) -> Datagram:
        datagram = entry.datagram
        if datagram.cut:
            what = f"{PROTOCOLS[entry.protocol]} messages are cut by the capture"
            self._problems.note("capture-snaplen", what, Place(datagram.file, datagram.frame))
        return datagram

    def _broken(self, datagram: Datagram, malformed: Malformed) -> None:
        """Note what cannot be read, unless the capture is to blame."""
        if not datagram.cut:
            what, place = f"{malformed.protocol}: {malformed.reason}", Place(datagram.file, datagram.frame)
            self._problems.note("message-malformed", what, place, without_numbers(what))


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
    parsed: list[tuple[int, Any, Any]] = []
    for number, datagram, known in run:
        if isinstance(datagram, Entry):
            parsed.append((number, datagram, known))
            continue
        try:
            parsed.append((number, datagram, reader.parse(datagram.payload)))
        except Malformed as malformed:
            yield number, datagram, malformed
    for number, datagram, message in parsed:
        if isinstance(datagram, Entry):
            reader.hold(datagram, message)
            continue
        try:
            within = reader.take(datagram, message)
        except Malformed as malformed:
            within = (malformed,)
        if within:
            for each in within:
                yield number, datagram, each
