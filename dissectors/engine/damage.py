"""TCP connections that are not whole in the capture, as the rules look at them."""

from __future__ import annotations

from dissectors.findings.rule import Damaged
from dissectors.mux.connections import Connections
from dissectors.mux.flows import written_out
from dissectors.report import Place


def damaged(connections: Connections) -> tuple[Damaged, ...]:
    """Each direction of which octets are missing, or came twice and differ."""
    told = []
    for key, damage in connections.damage.items():
        flow = written_out(key)
        told.append(
            Damaged(
                flow.src, flow.sport, flow.dst, flow.dport, damage.holes, damage.missing, damage.differing,
                damage.first / 1e9, tuple(Place(*place) for place in damage.places),
            )
        )
    return tuple(told)
