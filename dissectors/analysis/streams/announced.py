"""Where calls agreed on media: the evidence of SDP for RTP that is too little to prove itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS
from dissectors.wire.datagram import Flow

Endpoint = tuple[str, int]


class Receiving(NamedTuple):
    """A side of a call that receives media at an endpoint, and the payload types that it takes."""

    call: CallState
    side: str
    payload_types: frozenset[str]


class AnnouncedMedia:
    """Says whether the two sides of a call announced the two ends of a flow, and the receiver the payload type."""

    def __init__(self, calls: Iterable[CallState]) -> None:
        self._calls = calls
        self._at: dict[Endpoint, dict[int, list[Receiving]]] | None = None

    def __call__(self, flow: Flow, payload_type: int, time: int) -> bool:
        """Whether such RTP may be there at that time, in nanoseconds; the media of a call end with it.

        What a relay carries goes to its peer, which SDP does not name: there it says nothing.
        """
        if flow.inside:
            return False
        if self._at is None:
            self._at = self._endpoints()
        receivers = self._at.get((flow.dst, flow.dport), {})
        senders = self._at.get((flow.src, flow.sport), {})
        return any(
            str(payload_type) in there.payload_types and there.side != here.side and _lasts(there.call, time)
            for call in receivers.keys() & senders.keys()
            for there in receivers[call]
            for here in senders[call]
        )

    def _endpoints(self) -> dict[Endpoint, dict[int, list[Receiving]]]:
        """Who receives at each endpoint, by call; made once, and only where somebody asks."""
        found: dict[Endpoint, dict[int, list[Receiving]]] = {}
        for call in self._calls:
            for line in call.announced:
                if line.address and line.port:
                    types = frozenset(each.payload_type for each in line.media.formats)
                    calls = found.setdefault((line.address, line.port), {})
                    known = calls.setdefault(id(call), [])
                    if (receiving := Receiving(call, line.side, types)) not in known:
                        known.append(receiving)
        return found


def _lasts(call: CallState, time: int) -> bool:
    end = call.last if call.ended is not None else max(call.last, time)
    return call.start - MEDIA_MARGIN_NS <= time <= end + MEDIA_MARGIN_NS
