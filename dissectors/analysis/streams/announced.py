"""Where calls agreed on media: the evidence of SDP for RTP that is too little to prove itself."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS
from dissectors.wire.datagram import Endpoint, Flow
from dissectors.wire.values import Struct


class Receiving(Struct, frozen=True):
    """What a call receives at an endpoint: the payload types that each side takes there."""

    call: CallState
    payload_types: dict[str, set[str]]


class AnnouncedMedia:
    """Says whether the two sides of a call announced the two ends of a flow, and the receiver the payload type."""

    def __init__(self, calls: Iterable[CallState]) -> None:
        self._calls = calls
        self._at: dict[Endpoint, dict[int, Receiving]] | None = None
        self._ports: set[int] | None = None

    @property
    def ports(self) -> set[int]:
        """The ports at which anything is announced: at any other one, it need not be asked."""
        if self._ports is None:
            self._at = self._endpoints() if self._at is None else self._at
            self._ports = {port for _, port in self._at}
        return self._ports

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
        for number in receivers.keys() & senders.keys():
            call, here = receivers[number].call, senders[number].payload_types
            for side, types in receivers[number].payload_types.items():
                if str(payload_type) in types and here.keys() - {side} and _lasts(call, time):
                    return True
        return False

    def _endpoints(self) -> dict[Endpoint, dict[int, Receiving]]:
        """Who receives at each endpoint, by call; made once, and only where somebody asks."""
        found: dict[Endpoint, dict[int, Receiving]] = {}
        for call in self._calls:
            for line in call.announced:
                if line.address and line.port:
                    calls = found.setdefault((line.address, line.port), {})
                    sides = calls.setdefault(id(call), Receiving(call, {})).payload_types
                    sides.setdefault(line.side, set()).update(each.payload_type for each in line.media.formats)
        return found


def _lasts(call: CallState, time: int) -> bool:
    end = call.last if call.ended is not None else max(call.last, time)
    return call.start - MEDIA_MARGIN_NS <= time <= end + MEDIA_MARGIN_NS
