"""TURN ChannelData (RFC 8656 section 12.4), and what Skype and Teams put in front of a session's messages."""
from __future__ import annotations

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, Between, Incomplete, LengthField, Spec, plausible
from dissectors.wire.values import Struct

HEADER = 4
MULTIPLEXED = b"\xff\x10"
SESSION_OCTETS = 8


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
        return f"ChannelData, channel 0x{self.channel:04X}, {self.length} bytes"


class Multiplexed(Struct, frozen=True):
    """A message of one session among several: `session` is the server's identifier, `data` STUN or media."""

    session: bytes
    data: bytes
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        return f"multiplexed TURN, session {self.session.hex()}, {len(self.data)} bytes"


def parse(payload: bytes) -> Message | Multiplexed:
    """Read ChannelData or a multiplexed message.

    Raises `Malformed` for a channel outside 0x4000–0x4FFF, or data cut short.
    """
    if payload[:2] == MULTIPLEXED:
        return _multiplexed(payload)
    if len(payload) < HEADER:
        raise Malformed("TURN", len(payload), f"a header has {HEADER} bytes, {len(payload)} are here")
    channel, length = int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:4], "big")
    if not 0x4000 <= channel <= 0x4FFF:
        raise Malformed("TURN", 0, f"0x{channel:04X} is not a channel number")
    end = HEADER + length
    if end > len(payload):
        raise Malformed("TURN", 2, f"the length announces {length} bytes, {len(payload) - HEADER} follow")
    padding = payload[end:]
    deviations = (f"{len(padding)} bytes follow the data",) if len(padding) > 3 else ()
    return Message(channel, length, payload[HEADER:end], padding, deviations)


def frame(octets: bytes) -> int | Incomplete:
    """The octets of the ChannelData that begins here, with the padding of a stream (RFC 8656 section 12.5).

    `Incomplete` where they are not all there; raises Malformed where no channel's number stands.
    """
    if octets and not 0x40 <= octets[0] <= 0x4F:
        raise Malformed("TURN", 0, "no channel number")
    if len(octets) < HEADER:
        return Incomplete(HEADER)
    length = int.from_bytes(octets[2:4], "big")
    size = HEADER + length + -length % 4
    return size if size <= len(octets) else Incomplete(size)


def _multiplexed(payload: bytes) -> Multiplexed:
    start = HEADER + SESSION_OCTETS
    if len(payload) < start:
        raise Malformed("TURN", len(payload), f"a session's header has {start} bytes, {len(payload)} are here")
    end = HEADER + int.from_bytes(payload[2:4], "big")
    if not start <= end <= len(payload):
        raise Malformed("TURN", 2, f"the length announces {end - HEADER} bytes, {len(payload) - HEADER} follow")
    more = len(payload) - end
    return Multiplexed(payload[HEADER:start], payload[start:end], (f"{more} bytes follow the data",) if more else ())


SPEC = Spec(
    name="TURN",
    match=(
        plausible(
            "channel number 0x4000 to 0x4FFF and a length that fits",
            AtLeast(4),
            Between(0, 1, 0x40, 0x4F),
            LengthField(2, 1, 4, 3),
        ),
        plausible(
            "0xFF10 and a length that fits, as Skype and Teams have it",
            AtLeast(HEADER + SESSION_OCTETS),
            Between(0, 2, 0xFF10, 0xFF10),
            LengthField(2, 1, 4, 0),
            wireshark="stun-udp",
        ),
    ),
    parse=parse,
    role="path",
    confirmed_by=("STUN", "TURN"),
    wireshark="turnchannel",
    colour="bright_yellow",
    frame=frame,
)
