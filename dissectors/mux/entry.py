"""A datagram as the scan tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.wire.datagram import Datagram

if TYPE_CHECKING:
    from dissectors.mux.flows import FlowState


class Entry:
    """One datagram on its way to a verdict.

    `number` counts the datagrams of a scan from 0 and is -1 for what TURN carried. `row` is the row of the table,
    `protocol` the number that counts: `UNKNOWN` as long as nothing confirms a plausible row. `strength` is certain,
    confirmed, plausible or None; `evidence` says what confirmed it. `identification` is that of the IP packet. The scan
    may change what it says of one until it puts it into a batch: who lets it wait goes by what came, not by that.
    """

    __slots__ = (
        "encrypted", "evidence", "file", "flow", "frame", "identification", "layer", "length", "number", "payload",
        "protocol", "row", "strength", "time",
    )

    def __init__(
        self, number: int, file: int, frame: int, layer: int, time: int, flow: FlowState, length: int, payload: bytes,
        row: int, protocol: int, strength: str | None, evidence: str, encrypted: bool, identification: int,
    ) -> None:
        self.number, self.file, self.frame, self.layer, self.time = number, file, frame, layer, time
        self.flow, self.length, self.payload, self.row = flow, length, payload, row
        self.protocol, self.strength, self.evidence, self.encrypted = protocol, strength, evidence, encrypted
        self.identification = identification

    def judged(self, protocol: int, strength: str | None, evidence: str) -> Entry:
        """The same datagram with its verdict."""
        return Entry(
            self.number, self.file, self.frame, self.layer, self.time, self.flow, self.length, self.payload, self.row,
            protocol, strength, evidence, self.encrypted, self.identification,
        )

    @property
    def datagram(self) -> Datagram:
        """The datagram, or the message of a stream, for whoever reads it."""
        return Datagram(
            self.file, self.frame, self.layer, self.time, self.flow.flow, self.payload, self.length,
            self.identification,
        )
