"""TURN ChannelData (RFC 8656 section 12.4)."""
from __future__ import annotations

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, Between, LengthField, Spec, plausible
from dissectors.wire.values import Struct

HEADER = 4


class Message(Struct, frozen=True):
    """A ChannelData message: `data` is what the relay carries, `padding` the octets after it.

    `deviations` are phrases for people: what was accepted although the RFC forbids it.
    """

    channel: int
    length: int
    data: bytes
    padding: bytes
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        return f"ChannelData, channel 0x{self.channel:04X}, {self.length} octets"


def parse(payload: bytes) -> Message:
    """Read a ChannelData message; raises `Malformed` for a channel outside 0x4000–0x4FFF or data cut short."""
    if len(payload) < HEADER:
        raise Malformed("TURN", len(payload), f"a header has {HEADER} octets, {len(payload)} are here")
    channel, length = int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")
    if not 0x4000 <= channel <= 0x4FFF:
        raise Malformed("TURN", 0, f"0x{channel:04X} is not a channel number")
    end = HEADER + length
    if end > len(payload):
        raise Malformed("TURN", 2, f"the length announces {length} octets, {len(payload) - HEADER} follow")
    padding = payload[end:]
    deviations = (f"{len(padding)} octets follow the data",) if len(padding) > 3 else ()
    return Message(channel, length, payload[HEADER:end], padding, deviations)


SPEC = Spec(
    name="TURN",
    match=(
        plausible(
            "channel number 0x4000 to 0x4FFF and a length that fits",
            AtLeast(4),
            Between(0, 1, 0x40, 0x4F),
            LengthField(2, 1, 4, 3),
        ),
    ),
    parse=parse,
    role="path",
    confirmed_by=("STUN", "TURN"),
    wireshark="turnchannel",
    colour="bright_yellow",
)
