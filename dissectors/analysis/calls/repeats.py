"""Messages that a hop carried before: sent again, or the same IP packet captured once more.

A tunnel, a bridge, a second interface or VLAN shows a packet again within milliseconds. What is sent again is a packet
of its own, and comes no earlier than half a second later (T1 of RFC 3261 section 17.1.1.1), unless it answers what came
again.
"""

from __future__ import annotations

from enum import Enum
from struct import Struct, iter_unpack
from typing import Final

from dissectors.analysis.calls.carried import Carried
from dissectors.limits.budget import Bounds

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

ENTRY_FORMAT = "qqq"
"""Numbers of each of these: the message, the time of its packet, and the packet's identification and length."""

ENTRY_OCTETS: Final = 24
KEY_OCTETS: Final = 8

MET_BITS: Final = 63
"""Those of a hash that say which of 64 marks is set once such a message was met."""

_pack = Struct(ENTRY_FORMAT).pack
_unpack = Struct(ENTRY_FORMAT).unpack_from


class Repeats:
    """The messages of a call, at most `limit` of them, each with the packet that carried it last.

    A packet is one number, for there are many: its time, and below it the identification and the length.
    """

    __slots__ = ("_few", "_last", "_met", "bounds", "limit")

    def __init__(self, limit: int, bounds: Bounds) -> None:
        self.limit, self.bounds = limit, bounds
        self._few = b""
        self._met = 0
        self._last: dict[int, int] | None = None

    def see(self, carried: Carried) -> Again:
        """Whether the same hop has carried the same message of the same transaction (RFC 3261 section 17)."""
        # A provisional response may follow another one of its status: reliable ones count in RSeq (RFC 3262).
        method, reliable, identity = carried.method, None, carried.identity
        if method is None:
            reliable = carried.first.get("RSeq")
        # The hash alone is kept: of what it is made the sender chooses the length.
        key = hash((
            carried.flow, method or carried.status, identity.call_id, identity.from_tag, identity.to_tag,
            identity.sequence, identity.method, identity.branch, reliable, carried.raw_body,
        ))
        time, packet = carried.time, carried.number << 16 | carried.length & 0xFFFF
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
        few, entry, mark = self._few, _pack(key, time, packet), key & MET_BITS
        bit, size = 1 << mark, len(few)
        # Most messages are new.
        if self._met & bit:
            known = entry[:KEY_OCTETS]
            at = few.find(known)
            while at >= 0:
                if not at % ENTRY_OCTETS:
                    _, before, carried = _unpack(few, at)
                    self._few = few[:at] + entry + few[at + ENTRY_OCTETS :]
                    found: int = before << PACKET_BITS | carried
                    return found
                at = few.find(known, at + 1)
        self._met |= bit
        if size < ENTRY_OCTETS * MAX_FEW and size < ENTRY_OCTETS * self.limit:
            self._few = few + entry
        else:
            self._last = {known: time << PACKET_BITS | packet for known, time, packet in iter_unpack(ENTRY_FORMAT, few)}
            self._few = b""
        return None


def _same(one: int, two: int) -> bool:
    """Whether two packets with the same message are one; what an agent of HEP saw has no identification."""
    apart = abs((one >> PACKET_BITS) - (two >> PACKET_BITS))
    first, second = one & PACKET, two & PACKET
    if first == second and first > LENGTH:
        return apart <= MAX_COPY_NS
    unnumbered = first <= LENGTH or second <= LENGTH
    return unnumbered and not (first ^ second) & LENGTH and apart <= MAX_UNNUMBERED_COPY_NS
