"""Calls that are apart: with all their streams on one 5-tuple, and nobody else has anything to do with its two ends.

What belongs to such a call is found without a search, and so is that nothing of it stays. What would be remembered of
its ends is never asked for, and would be forgotten as soon as its flows are. Where the call signals elsewhere, others
may do so, too.
"""

from __future__ import annotations

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, Calls, fax_ends
from dissectors.analysis.streams.directory import Directory, Joined
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Scanner
from dissectors.wire.datagram import Endpoint


class Apart:
    """What a call has that is apart: its flows, and its streams, each with why it belongs to the call.

    `plain` says that it is known that they all are. `media` are the two flows on which they are, if it has any,
    `shared` those on which it signals where they are none of its own, `ends` those between which it signals where
    others are.
    """

    __slots__ = ("ends", "flows", "joined", "media", "plain", "shared", "streams")

    def __init__(
        self, flows: tuple[FlowState, ...], media: tuple[FlowState, ...], shared: tuple[FlowState, ...] = (),
        ends: tuple[Endpoint, ...] = (),
    ) -> None:
        self.flows, self.media, self.shared, self.ends = flows, media, shared, ends
        self.streams: list[Counters] = []
        self.joined: list[Joined] = []
        self.plain = False


def apart(call: CallState, calls: Calls, directory: Directory, scanner: Scanner, recent: range) -> Apart | None:
    """All that a finished call has, if it is apart and nothing of it was heard at a recent time, in nanoseconds."""
    if call.kind != "call" or not directory.is_apart(call) or fax_ends(call):
        return None
    pair = scanner.flows.lone_pair(call.pairs[0])
    if pair is None:
        return None
    src, sport, dst, dport, _, _ = call.pairs[0]
    if calls.remembers((src, sport)) or calls.remembers((dst, dport)):
        return None
    found = Apart(pair, pair)
    for state in pair:
        if state.waits or not was_meanwhile(state, call.start, call.last, recent):
            return None
        for counters in scanner.stream_table.on(state.number):
            joined = directory.join(counters, state.flow)
            if joined is None or joined.call is not call or len(counters.flows) > 1 or counters.last in recent:
                return None
            found.streams.append(counters)
            found.joined.append(joined)
    for ssrc in directory.ssrcs(call):
        if any([each not in found.streams for each in scanner.stream_table.by_ssrc(ssrc)]):
            return None
    return found


def was_meanwhile(state: FlowState, start: int, end: int, recent: range) -> bool:
    """Whether all on a flow was about when its call was, and nothing at a recent time, in nanoseconds."""
    last = state.last
    return last not in recent and state.first <= end + MEDIA_MARGIN_NS and last >= start - MEDIA_MARGIN_NS
