"""UDPTL by the evidence of SDP: what nothing else knows, where two sides of a call agreed on it (RFC 3362).

UDPTL has no header to go by. Only what is of no known protocol is ever taken for it, flow by flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.media_lines import FOREVER
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, RetiredInterval, fax_ends
from dissectors.mux.flows import FlowState
from dissectors.mux.table import PROTOCOLS, UNKNOWN
from dissectors.wire.datagram import Endpoint
from dissectors.wire.values import Struct

UDPTL = PROTOCOLS.index("UDPTL")

MAX_CALLS_AT_AN_END = 64
"""So many calls that agreed on UDPTL at one endpoint are asked whether a flow is theirs."""


class Fax(Struct, frozen=True):
    """How many datagrams of no known protocol are UDPTL, and how many octets these have."""

    datagrams: int = 0
    octets: int = 0


NO_FAX = Fax()


class Agreed(Struct, frozen=True):
    """When a call agreed on UDPTL at an endpoint, in nanoseconds, and its hosts, if they are known."""

    start: int
    end: int
    hosts: frozenset[str] | None


class FaxEnds:
    """Where calls agreed on UDPTL, and when; of those that were retired by what was remembered of them."""

    def __init__(self, calls: Iterable[CallState], retired: Mapping[Endpoint, list[RetiredInterval]]) -> None:
        self._retired = retired
        self._at: dict[Endpoint, list[Agreed]] = {}
        for call in calls:
            ends = fax_ends(call)
            hosts = frozenset(host for host, _ in ends)
            until = call.last if call.ended is not None else FOREVER
            for end, begin in ends.items():
                there = self._at.setdefault(end, [])
                if len(there) < MAX_CALLS_AT_AN_END:
                    there.append(Agreed(begin, until, hosts))

    def everywhere(self) -> set[Endpoint]:
        """All of the endpoints: a flow that begins and ends elsewhere has nothing of it."""
        return {end for end, there in self._retired.items() if any([each.fax for each in there])}.union(self._at)

    def carried(self, state: FlowState) -> Fax:
        """What of a flow is UDPTL: all of it that is unknown, or nothing."""
        if not state.unknown_octets or state.inside:
            return NO_FAX
        flow = state.flow
        for end, other in (((flow.dst, flow.dport), flow.src), ((flow.src, flow.sport), flow.dst)):
            for agreed in self._when(end):
                lasts = state.last >= agreed.start and state.first <= agreed.end + MEDIA_MARGIN_NS
                if lasts and (agreed.hosts is None or other in agreed.hosts):
                    return Fax(state.counts[UNKNOWN], state.unknown_octets)
        return NO_FAX

    def _when(self, end: Endpoint) -> Iterator[Agreed]:
        yield from self._at.get(end, ())
        yield from (Agreed(each.start, each.end, None) for each in self._retired.get(end, ()) if each.fax)


def together(found: Iterable[Fax]) -> Fax:
    """All of them as one."""
    datagrams = octets = 0
    for each in found:
        datagrams += each.datagrams
        octets += each.octets
    return Fax(datagrams, octets)


def known(counts: Sequence[int], fax: int) -> list[int]:
    """Counts by protocol number, in which so many are no longer unknown."""
    found = [*counts]
    found[UNKNOWN] -= fax
    found[UDPTL] += fax
    return found
