"""Counts what goes was sent from where to where, so that the capture's copies are known by the end."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from dissectors.analysis.calls.call import CallState
from dissectors.findings.copies import MIN_RTP_PACKETS, Sent
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowTable
from dissectors.report import Place

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting


def count_messages(sent: Sent, calls: Iterable[CallState | Waiting], kept: Container[str]) -> None:
    """Count the messages of calls but those that are kept; of what is unread none came twice."""
    sent.make_room()
    for call in calls:
        if call.call_id in kept:
            continue
        if isinstance(call, CallState):
            sent.add_messages(call.messages)
        else:
            _count_unread(sent, call)


def _count_unread(sent: Sent, call: Waiting) -> None:
    for state in call.flows:
        src, _, dst, _, _, _ = state.flow
        sent.add_unread((src, dst), call.count_on(state))


def count_packets(sent: Sent, table: FlowTable, streams: Iterable[Counters]) -> None:
    """Count the packets of streams whose flows are still there."""
    for counters in streams:
        packets, states = counters.packets, [*table.numbered(counters.flows)]
        if packets >= MIN_RTP_PACKETS and states:
            src, _, dst, _, _, _ = states[0].flow
            sent.add_packets((src, dst), packets)
            if counters.duplicates:
                sent.add_duplicates((src, dst), counters, counters.first / 1e9, Place(*counters.first_frame))
