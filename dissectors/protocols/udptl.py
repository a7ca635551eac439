"""UDPTL, which carries the fax of T.38 (ITU-T T.38 section 9.1, RFC 3362): a number, a packet of fax, older ones again.

It has no header to go by, so no row of the table matches it: where SDP announced it, what nothing else knows is it.
"""

from __future__ import annotations

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Spec
from dissectors.wire.values import Struct

SIGNALS = (
    "no signal", "CNG", "CED", "V.21 preamble", "V.27 2400 training", "V.27 4800 training", "V.29 7200 training",
    "V.29 9600 training", "V.17 7200 short training", "V.17 7200 long training", "V.17 9600 short training",
    "V.17 9600 long training", "V.17 12000 short training", "V.17 12000 long training", "V.17 14400 short training",
    "V.17 14400 long training",
)
"""What a fax machine is heard to do, by its number in an indicator."""

DATA = (
    "V.21", "V.27 2400", "V.27 4800", "V.29 7200", "V.29 9600", "V.17 7200", "V.17 9600", "V.17 12000", "V.17 14400",
)
"""The modulations of data, by their numbers."""

IS_DATA = 0x40
LONG, LONGER = 0x80, 0xC0
"""How a length begins that has two octets, and one that comes in pieces, which UDPTL does not need."""


class Message(Struct, frozen=True):
    """One datagram: its number, what its fax packet says, and how many older ones, or of parity, come with it."""

    sequence: int
    said: str
    octets: int
    recovery: str
    others: int

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        more = f", {self.others} of {self.recovery}" if self.others else ""
        return f"UDPTL number {self.sequence}, {self.said}, {self.octets} bytes{more}"


def parse(payload: bytes) -> Message:
    """Read a datagram; raises `Malformed` where its fax packet is not whole."""
    if len(payload) < 3:
        raise Malformed("UDPTL", len(payload), f"a number and a length have 3 bytes, {len(payload)} are here")
    size, start = _length(payload, 2)
    end = start + size
    if not size:
        raise Malformed("UDPTL", 2, "an empty fax packet")
    if end + 2 > len(payload):
        left = len(payload) - start
        raise Malformed("UDPTL", start, f"the fax packet and what follows need {size + 2} bytes, {left} left")
    kind = payload[end]
    if kind not in (0, 0x80):
        raise Malformed("UDPTL", end, f"neither redundancy nor parity: 0x{kind:02X}")
    others, _ = _length(payload, end + 1)
    if kind:
        # The number of packets that a parity covers is an integer: its length, and itself.
        others = payload[end + 2] if others == 1 and end + 2 < len(payload) else 0
    number, recovery = int.from_bytes(payload[:2], "big"), "FEC" if kind else "redundancy"
    return Message(number, _said(payload[start]), size, recovery, others)


def _length(payload: bytes, at: int) -> tuple[int, int]:
    """A length (ITU-T X.691 section 11.9) and where what it measures begins."""
    first = payload[at]
    if first < LONG:
        return first, at + 1
    if first >= LONGER or at + 2 > len(payload):
        raise Malformed("UDPTL", at, "a length that cannot be read")
    return (first & ~LONGER) << 8 | payload[at + 1], at + 2


def _said(first: int) -> str:
    number = first >> 1 & 0x0F
    if first & IS_DATA:
        return f"data of {DATA[number]}" if number < len(DATA) else "data"
    return SIGNALS[number]


SPEC = Spec(name="UDPTL", match=(), parse=parse, role="media", wireshark="t38", short="fax", colour="bright_cyan")
