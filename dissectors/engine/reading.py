"""Signalling on its way to its trackers: read protocol by protocol, a few datagrams at a time.

The one place that catches `Malformed`. What reads a protocol stays in the processor's caches as long as nothing else
comes in between, and each protocol has trackers of its own. So a batch is read protocol by protocol, and each run of
datagrams is parsed before it is tracked; what was wrong is noted in the order of the datagrams all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dissectors.engine.problems import Problems, without_numbers
from dissectors.mux.entry import Entry
from dissectors.mux.scan import Batch
from dissectors.mux.table import PROTOCOLS
from dissectors.report import Place
from dissectors.wire.errors import Malformed

RUN_DATAGRAMS, RUN_OCTETS = 64, 1 << 16
"""What ends a run: what hostile datagrams become when they are parsed takes memory."""

Wrong = tuple[Entry, Malformed]
"""A datagram and what is wrong with it."""

Take = Callable[[Any, Any], Sequence[Malformed] | None]
"""Takes a datagram and what it was parsed to; gives back, or raises, what is wrong."""


class Reader:
    """What parses the datagrams of a protocol, and what is to `take` them.

    Where a `glance` at a whole datagram says all that is to be known of it for now, what it says is taken with `hold`,
    which has the datagram as it was scanned. It is no value: who takes them holds it, and Python has to look for such
    cycles.
    """

    __slots__ = ("_glance", "_parse", "hold", "take")

    def __init__(
        self, parse: Callable[[bytes], Any], take: Take, glance: Callable[[bytes], Any] | None = None,
        hold: Take | None = None,
    ) -> None:
        self._parse, self.take, self._glance, self.hold = parse, take, glance, hold

    def read(self, entry: Entry) -> tuple[Take, Any, Any]:
        """Who takes what with what it says; raises Malformed."""
        payload = entry.payload
        if self._glance is not None and self.hold is not None and len(payload) == entry.length:
            known = self._glance(payload)
            if known is not None:
                return self.hold, entry, known
        return self.take, entry.datagram, self._parse(payload)


class Runs:
    """Datagrams of one protocol, a few at a time."""

    __slots__ = ("_last", "_octets", "runs")

    def __init__(self) -> None:
        self._last: list[Entry] = []
        self._octets = 0
        self.runs = [self._last]

    def add(self, entry: Entry, octets: int) -> None:
        """Add one whose payload has so many octets."""
        self._last.append(entry)
        self._octets += octets
        if self._octets >= RUN_OCTETS or len(self._last) >= RUN_DATAGRAMS:
            self._last, self._octets = [], 0
            self.runs.append(self._last)


class SignallingReader:
    """Reads batches; what nothing confirms is not read."""

    def __init__(self, readers: Mapping[str, Reader], problems: Problems) -> None:
        self._readers = {number: readers[name] for number, name in enumerate(PROTOCOLS) if name in readers}
        self._problems = problems

    def feed(self, batch: Batch) -> None:
        """Read the settled datagrams of a batch and note what is wrong with them."""
        waiting = {protocol: Runs() for protocol in self._readers}
        for entry in batch.entries:
            # Nobody reads media, nor what is not known.
            alike = waiting.get(entry.protocol)
            if alike is not None:
                octets = len(entry.payload)
                alike.add(entry, octets)
                if octets < entry.length:
                    self._cut(entry)
        wrong: list[Wrong] = []
        for protocol, alike in waiting.items():
            for run in alike.runs:
                _read(run, self._readers[protocol], wrong)
        for entry, malformed in _in_order(wrong, batch.entries) if wrong else ():
            self._broken(entry, malformed)

    def _cut(self, entry: Entry) -> None:
        what = f"{PROTOCOLS[entry.protocol]} messages are cut by the capture"
        length = entry.length if PROTOCOLS[entry.protocol] == "SIP" else None
        self._problems.note("capture-snaplen", what, Place(entry.file, entry.frame), length=length)

    def _broken(self, entry: Entry, malformed: Malformed) -> None:
        """Note what cannot be read, unless the capture is to blame."""
        if len(entry.payload) >= entry.length:
            what, place = f"{malformed.protocol}: {malformed.reason}", Place(entry.file, entry.frame)
            self._problems.note("message-malformed", what, place, without_numbers(what))


def _in_order(wrong: list[Wrong], entries: Sequence[Entry]) -> list[Wrong]:
    """The same in the order of the datagrams of a batch."""
    places = {id(entry): number for number, entry in enumerate(entries)}
    return sorted(wrong, key=lambda each: places[id(each[0])])


def _read(run: list[Entry], reader: Reader, wrong: list[Wrong]) -> None:
    """Parse a run, and track it; what was wrong with which datagram goes to `wrong`."""
    parsed: list[tuple[Take, Any, Any] | None] = []
    for entry in run:
        try:
            parsed.append(reader.read(entry))
        except Malformed as malformed:
            wrong.append((entry, malformed))
            parsed.append(None)
    for number, entry in enumerate(run):
        each = parsed[number]
        if each is None:
            continue
        take, carried, message = each
        try:
            within = take(carried, message)
        except Malformed as malformed:
            within = (malformed,)
        if within:
            wrong += [(entry, one) for one in within]
