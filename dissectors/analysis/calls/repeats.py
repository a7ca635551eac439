"""Messages that a hop carried before: sent again, or the same IP packet captured once more.

A tunnel, a bridge, a second interface or VLAN shows a packet again within milliseconds. What is sent again is a packet
of its own, and comes no earlier than half a second later (T1 of RFC 3261 section 17.1.1.1), unless it answers what came
again.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from dissectors.limits.budget import Bounds
from dissectors.protocols import sip
from dissectors.protocols.sip import Identity
from dissectors.wire.datagram import Datagram
from dissectors.wire.values import Struct, field

MAX_COPY_NS, MAX_UNNUMBERED_COPY_NS = 200_000_000, 50_000_000
"""How far apart copies of one IP packet may be: with its identification, and without."""


class Again(Enum):
    """What a hop carried before."""

    FIRST = "first"
    AGAIN = "again"
    COPY = "copy"


FIRST: Final = Again.FIRST
AGAIN: Final = Again.AGAIN
COPY: Final = Again.COPY


PACKET_BITS = 48
PACKET, LENGTH = (1 << PACKET_BITS) - 1, (1 << 16) - 1


class Repeats(Struct):
    """The messages of a call, at most `limit` of them, each with the packet that carried it last.

    A packet is one number, for there are many: its time, and below it the identification and the length.
    """

    limit: int
    bounds: Bounds
    _last: dict[int, int] = field(default_factory=dict)

    def see(self, datagram: Datagram, message: sip.Message, identity: Identity) -> Again:
        """Whether the same hop has carried the same message of the same transaction (RFC 3261 section 17)."""
        # A provisional response may follow another one of its status: reliable ones count in RSeq (RFC 3262).
        reliable = None if message.is_request else message.first.get("RSeq")
        # The hash alone is kept: of what it is made the sender chooses the length.
        key = hash((datagram.flow, message.method or message.status, identity, reliable, message.raw_body))
        before = self._last.get(key)
        if before is None and len(self._last) >= self.limit:
            self.bounds.hit("messages to recognise")
            return FIRST
        packet = datagram.time << PACKET_BITS | datagram.identification << 16 | datagram.length & 0xFFFF
        self._last[key] = packet
        return FIRST if before is None else COPY if _same(before, packet) else AGAIN


def _same(one: int, two: int) -> bool:
    """Whether two packets with the same message are one; what an agent of HEP saw has no identification."""
    apart = abs((one >> PACKET_BITS) - (two >> PACKET_BITS))
    first, second = one & PACKET, two & PACKET
    if first == second and first > LENGTH:
        return apart <= MAX_COPY_NS
    unnumbered = first <= LENGTH or second <= LENGTH
    return unnumbered and not (first ^ second) & LENGTH and apart <= MAX_UNNUMBERED_COPY_NS
