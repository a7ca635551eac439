"""What a report asks of a scan, and a view of a part of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from dissectors.mux.connections import Connections
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState, FlowTable, PartOfFlows
from dissectors.mux.scan import Scanner
from dissectors.mux.unconfirmed import AllUnconfirmed
from dissectors.wire.link.frames import Frames


class ScanTables(Protocol):
    """What a report asks of a scan; see `mux.scan.Scanner`."""

    counts: list[int]
    octets: list[int]
    datagrams: int
    messages: int
    inside: int
    first: int | None
    last: int | None
    frames: Frames
    connections: Connections
    unconfirmed: AllUnconfirmed
    build: str

    @property
    def flows(self) -> FlowTable | PartOfFlows: ...

    @property
    def streams(self) -> Iterable[Counters]: ...

    @property
    def bounds_hit(self) -> Mapping[str, int]: ...


class ScanView:
    """The same, with a part of the flows and streams: for a report on that part alone."""

    def __init__(self, scanner: Scanner, flows: list[FlowState], streams: list[Counters]) -> None:
        self.flows, self.streams = PartOfFlows(flows), streams
        self.counts, self.octets = scanner.counts, scanner.octets
        self.datagrams, self.messages, self.inside = scanner.datagrams, scanner.messages, scanner.inside
        self.first, self.last = scanner.first, scanner.last
        self.frames, self.connections, self.build = scanner.frames, scanner.connections, scanner.build
        self.unconfirmed = scanner.unconfirmed
        self._scanner = scanner

    @property
    def bounds_hit(self) -> Mapping[str, int]:
        """Those of the whole scan; all of its streams are asked for that, so it is done where somebody asks."""
        return self._scanner.bounds_hit
