"""The ways of a stream: it has several where its sender or its receiver moved, which ICE and symmetric RTP do."""

from __future__ import annotations

from dissectors.findings.rule import Facts
from dissectors.report import Stream
from dissectors.wire.datagram import Endpoint
from dissectors.wire.values import Struct

MOST_SHARE = 0.8
"""A stream that goes on elsewhere with so much of what it sends has left its way before."""


class Way(Struct, frozen=True):
    """A stream on one of its ways, by its position: from where to where it went, and when, in seconds since the epoch.
    """

    position: int
    stream: Stream
    source: Endpoint
    target: Endpoint
    first: float
    last: float
    packets: int


def ways(facts: Facts, position: int) -> list[Way]:
    """The ways of the stream at this position, the last one first."""
    stream = facts.streams[position]
    if len(stream.flows) == 1:
        ends = (stream.src, stream.sport), (stream.dst, stream.dport)
        return [Way(position, stream, *ends, stream.first, stream.last, stream.packets)]
    found, last, behind = [], stream.last, 0
    for flow in sorted([facts.flows[number] for number in stream.flows], key=lambda flow: -flow.first):
        packets = sum([seen.count for seen in flow.protocols if seen.name == "RTP"])
        first, ends = max(flow.first, stream.first), ((flow.src, flow.sport), (flow.dst, flow.dport))
        found.append(Way(position, stream, *ends, first, min(flow.last, last), packets))
        # Other protocols may go on there, as on a port that calls share with their signalling.
        behind += packets
        expected = stream.packets * (stream.last - first) / ((stream.last - stream.first) or 1.0)
        last = first if behind >= MOST_SHARE * expected else last
    return found
