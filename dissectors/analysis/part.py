"""A part of what a scan found, for a report on that part alone."""

from __future__ import annotations

from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Scanner


class Part:
    """What a report asks of a scan, of a part of its flows and streams."""

    def __init__(self, scanner: Scanner, flows: list[FlowState], streams: list[Counters]) -> None:
        self.flows, self.streams = flows, streams
        self.counts, self.octets = scanner.counts, scanner.octets
        self.datagrams, self.inside = scanner.datagrams, scanner.inside
        self.first, self.last = scanner.first, scanner.last
        self.frames, self.build, self.bounds_hit = scanner.frames, scanner.build, scanner.bounds_hit
