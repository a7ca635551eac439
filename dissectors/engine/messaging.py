"""Sessions of MSRP and their calls: a connection belongs to the call that announced one of its ends (RFC 4975, 8)."""

from __future__ import annotations

from collections.abc import Sequence

from dissectors.report import Call, Flow
from dissectors.wire.values import replace

MESSAGES = "message"
"""The kind of media line that announces such a session."""

End = tuple[str | None, int]


def with_calls(flows: tuple[Flow, ...], calls: Sequence[Call]) -> tuple[Flow, ...]:
    """The same flows, those with MSRP with the Call-ID of their call, if one announced them before they ended."""
    # Flows of few protocols are many and alike.
    if not any([seen.name == "MSRP" for protocols in {flow.protocols for flow in flows} for seen in protocols]):
        return flows
    announced: dict[End, list[Call]] = {}
    for call in calls:
        ends = {
            (line.address, line.port)
            for described in call.descriptions for line in described.media if line.kind == MESSAGES and line.port
        }
        for end in ends:
            announced.setdefault(end, []).append(call)
    return tuple(_with_call(flow, announced) if _carries(flow) else flow for flow in flows)


def _with_call(flow: Flow, announced: dict[End, list[Call]]) -> Flow:
    calls = [*announced.get((flow.dst, flow.dport), ()), *announced.get((flow.src, flow.sport), ())]
    begun = [call for call in calls if call.start <= flow.last]
    return replace(flow, call_id=max(begun, key=lambda call: call.start).call_id) if begun else flow


def _carries(flow: Flow) -> bool:
    return any(seen.name == "MSRP" for seen in flow.protocols)
