"""Messages that a hop carried before: sent again, or the same IP packet captured once more.

A tunnel, a bridge, a second interface or VLAN shows a packet again within milliseconds. What is sent again is a packet
of its own, and comes no earlier than half a second later (T1 of RFC 3261 section 17.1.1.1), unless it answers what came
again.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import Final

from dissectors.limits.budget import Bounds
from dissectors.protocols import sip
from dissectors.protocols.sip_message import Identity
from dissectors.wire.datagram import Datagram

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

MAX_FEW = 16
"""Messages of a call that are searched one by one: most calls have no more, and many calls may be open."""

ENTRY: Final = 3
"""Numbers of each of these: the message, the time of its packet, and the packet's identification and length."""


class Repeats:
    """The messages of a call, at most `limit` of them, each with the packet that carried it last.

    A packet is one number, for there are many: its time, and below it the identification and the length.
    """

    __slots__ = ("_few", "_last", "bounds", "limit")

    def __init__(self, limit: int, bounds: Bounds) -> None:
        self.limit, self.bounds = limit, bounds
        self._few: array[int] | None = None
        self._last: dict[int, int] | None = None

    def see(self, datagram: Datagram, message: sip.Message, identity: Identity) -> Again:
        """Whether the same hop has carried the same message of the same transaction (RFC 3261 section 17)."""
        # A provisional response may follow another one of its status: reliable ones count in RSeq (RFC 3262).
        method, reliable = message.method, None
        if method is None:
            reliable = message.first.get("RSeq")
        # The hash alone is kept: of what it is made the sender chooses the length.
        key = hash((
            datagram.flow, method or message.status, identity.call_id, identity.from_tag, identity.to_tag,
            identity.sequence, identity.method, identity.branch, reliable, message.raw_body,
        ))
        time, packet = datagram.time, datagram.identification << 16 | datagram.length & 0xFFFF
        before = self._among_few(key, time, packet) if self._last is None else None
        if self._last is not None:
            before = self._last.get(key)
            if before is None and len(self._last) >= self.limit:
                self.bounds.hit("messages to recognise")
                return FIRST
            self._last[key] = time << PACKET_BITS | packet
        if before is None:
            return FIRST
        return COPY if _same(before, time << PACKET_BITS | packet) else AGAIN

    def _among_few(self, key: int, time: int, packet: int) -> int | None:
        """The packet that carried a message before, which this one replaces; where there are too many, none is kept."""
        if self._few is None:
            self._few = array("q")
        few = self._few
        at, size = 0, len(few)
        while at < size:
            if few[at] == key:
                before = few[at + 1] << PACKET_BITS | few[at + 2]
                few[at + 1], few[at + 2] = time, packet
                return before
            at += ENTRY
        if size < ENTRY * MAX_FEW and size < ENTRY * self.limit:
            # One by one: `extend` takes twice as long.
            few.append(key)
            few.append(time)
            few.append(packet)
        else:
            self._last = {few[at]: few[at + 1] << PACKET_BITS | few[at + 2] for at in range(0, len(few), ENTRY)}
            self._few = None
        return None


def _same(one: int, two: int) -> bool:
    """Whether two packets with the same message are one; what an agent of HEP saw has no identification."""
    apart = abs((one >> PACKET_BITS) - (two >> PACKET_BITS))
    first, second = one & PACKET, two & PACKET
    if first == second and first > LENGTH:
        return apart <= MAX_COPY_NS
    unnumbered = first <= LENGTH or second <= LENGTH
    return unnumbered and not (first ^ second) & LENGTH and apart <= MAX_UNNUMBERED_COPY_NS
