"""What TURN carries inside a datagram: data of a channel, of Data and Send, and of a session among several."""

from __future__ import annotations

from typing import Protocol

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.protocols import stun, turn
from dissectors.wire.errors import Malformed

CARRYING = (b"\x00\x16", b"\x00\x17", b"\x00\x04", b"\x01\x15")
"""How Send and Data of STUN begin: indications, then those of Skype and Teams."""

BINDING = (b"\x00\x09", b"\x01\x09")
"""How a ChannelBind and its success begin (RFC 8656 section 12)."""

MAX_CHANNELS, MAX_ASKED = 256, 32
"""How many channels of one allocation are remembered, and how many requests for one that wait for their answer."""


class Channels:
    """Which peer is behind which channel of one 5-tuple, from the requests that succeeded."""

    __slots__ = ("peers", "_asked")

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.peers: Table[int, str] = Table("TURN channels", MAX_CHANNELS, bounds)
        self._asked: Table[bytes, tuple[int, str]] = Table("requests for TURN channels", MAX_ASKED, bounds)

    def take(self, message: stun.Message) -> None:
        """Take a ChannelBind or an answer to one."""
        if message.class_ == "success":
            if bound := self._asked.pop(message.transaction, None):
                self.peers[bound[0]] = bound[1]
        elif message.class_ == "request" and message.channel is not None and message.peer_address is not None:
            self._asked[message.transaction] = message.channel, f"peer {message.peer_address}"


class HasChannels(Protocol):
    """A 5-tuple; `channels` is None as long as nobody bound one."""

    channels: Channels | None


def bind(pair: HasChannels, payload: bytes, bounds: Bounds) -> None:
    """Note what a STUN message says of the channels of its 5-tuple; `bounds` counts what finds no room."""
    try:
        message = stun.parse(payload)
    except Malformed:
        return
    if pair.channels is None:
        pair.channels = Channels(bounds)
    pair.channels.take(message)


def carried(protocol: str, payload: bytes, channels: Channels | None = None) -> tuple[str, bytes] | None:
    """Through what TURN carried the data (`channel 0x4000`, `peer 192.0.2.1:5000`) and the data, or None.

    `protocol` is what the table says of `payload`. RFC 8656 sections 11 and 12. A channel that is known to be bound to
    a peer is that peer: it is one path, whichever way the data go.
    """
    try:
        if protocol == "TURN":
            message = turn.parse(payload)
            if isinstance(message, turn.Multiplexed):
                return f"session {message.session.hex()}", message.data
            name = f"channel 0x{message.channel:04X}"
            return channels.peers.get(message.channel, name) if channels else name, message.data
        if protocol == "STUN" and payload[:2] in CARRYING:
            told = stun.parse(payload)
            if told.data is None or told.peer_address is None:
                return None
            return f"peer {told.peer_address}", told.data
    except Malformed:
        return None
    return None
