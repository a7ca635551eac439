"""Rules about TCP connections whose messages are read: octets that the capture lacks, or has in two versions."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.rule import Damaged, Facts, Found, counted, rule
from dissectors.wire.datagram import endpoint


def _read(facts: Facts) -> list[Damaged]:
    """What is damaged of connections of which at least one message was read: the others are nobody's concern here."""
    flows = [flow for flow in facts.recognised if flow.transport != "udp"] if facts.damaged else []
    ends = {(flow.src, flow.sport, flow.dst, flow.dport) for flow in flows}
    return [
        each for each in facts.damaged
        if ends & {(each.src, each.sport, each.dst, each.dport), (each.dst, each.dport, each.src, each.sport)}
    ]


def _from(each: Damaged) -> str:
    return f"from {endpoint(each.src, each.sport)} to {endpoint(each.dst, each.dport)}"


@rule(
    "tcp-octets-missing", "warning", "Bytes of a TCP connection are missing in the capture",
    scope="capture",
    why="The receiver got them, because TCP sends lost bytes again: only the capture lacks them. The report shows "
    "their message in part or not at all, and continues at the next message.",
    fix="Capture whole packets (tcpdump -s 0) with a larger buffer (-B 4096), and where the packets of both directions "
    "pass.",
)
def tcp_octets_missing(facts: Facts) -> Iterator[Found]:
    for each in _read(facts):
        if each.holes:
            what = f"{counted(each.missing, 'byte')} missing in {counted(each.holes, 'place')}, {_from(each)}"
            yield Found(what, each.places, time=each.time)


@rule(
    "tcp-octets-differ", "warning", "A TCP connection carries two versions of the same bytes",
    scope="capture",
    why="A sender repeats what it sent. Bytes that come again with another value were changed on the way, or "
    "somebody wants two readers to read different things. muxshark reads the first ones.",
    fix="Look for a device on the path that rewrites SIP (an application layer gateway), and for a second sender.",
)
def tcp_octets_differ(facts: Facts) -> Iterator[Found]:
    for each in _read(facts):
        if each.differing:
            what = f"{counted(each.differing, 'byte')} came again with another value, {_from(each)}"
            yield Found(what, time=each.time)


RULES = (tcp_octets_missing, tcp_octets_differ)
