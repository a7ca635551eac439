"""A datagram as the scan tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.wire.datagram import Datagram
from dissectors.wire.values import NamedTuple

if TYPE_CHECKING:
    from dissectors.mux.flows import FlowState


class Entry(NamedTuple):
    """One datagram on its way to a verdict.

    `number` counts the datagrams of a scan from 0 and is -1 for what TURN carried. `row` is the row of the table,
    `protocol` the number that counts: `UNKNOWN` as long as nothing confirms a plausible row. `strength` is certain,
    confirmed, plausible or None; `evidence` says what confirmed it. `identification` is that of the IP packet.
    """

    number: int
    file: int
    frame: int
    layer: int
    time: int
    flow: FlowState
    length: int
    payload: bytes
    row: int
    protocol: int
    strength: str | None
    evidence: str
    encrypted: bool
    identification: int

    @property
    def datagram(self) -> Datagram:
        """The datagram, or the message of a stream, for whoever reads it."""
        _, file, frame, layer, time, flow, length, payload, _, _, _, _, _, identification = self
        return Datagram(file, frame, layer, time, flow.flow, payload, length, identification)
