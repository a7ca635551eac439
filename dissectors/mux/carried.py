"""What TURN carries inside a datagram: the data of a channel, of a Data and of a Send indication."""

from __future__ import annotations

from dissectors.protocols import stun, turn
from dissectors.wire.errors import Malformed

CARRYING = (b"\x00\x16", b"\x00\x17")
"""How Send and Data indications of STUN begin."""


def carried(protocol: str, payload: bytes) -> tuple[str, bytes] | None:
    """Through what TURN carried the data (`channel 0x4000`, `peer 192.0.2.1:5000`) and the data, or None.

    `protocol` is what the table says of `payload`. RFC 8656 sections 11 and 12.
    """
    try:
        if protocol == "TURN":
            channel = turn.parse(payload)
            return f"channel 0x{channel.channel:04X}", channel.data
        if protocol == "STUN" and payload[:2] in CARRYING:
            message = stun.parse(payload)
            if message.data is None or message.peer_address is None:
                return None
            return f"peer {message.peer_address}", message.data
    except Malformed:
        return None
    return None
