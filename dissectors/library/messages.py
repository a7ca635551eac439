"""One payload, and the message that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.library.captures import NAMES, protocol_name
from dissectors.mux.classify import classify
from dissectors.mux.table import TABLE
from dissectors.wire.errors import Malformed

if TYPE_CHECKING:
    from typing import TypeAlias

    from dissectors.protocols import dtls, keepalive, msrp, quic, rtcp, rtp, sip, stun, turn, zrtp

    Message: TypeAlias = (
        sip.Message | keepalive.Message | stun.Message | zrtp.Message | dtls.Message | turn.Message | rtcp.Compound
        | rtp.Message | quic.Message | msrp.Message
    )

Octets = bytes | bytearray | memoryview


def octets(payload: Octets) -> bytes:
    """The payload as octets that do not change; raises TypeError for a text or a number."""
    return payload if type(payload) is bytes else memoryview(payload).tobytes()


def parse(payload: Octets, protocol: str | None = None) -> Message:
    """The message of what `classify` says, or of the protocol that is named; raises Malformed where there is none."""
    held = octets(payload)
    return read(held, classify(held).protocol if protocol is None else protocol_name(protocol))


def read(payload: bytes, protocol: str) -> Message:
    """The message of a protocol that a verdict names; raises Malformed where it cannot be read, or nobody knows it."""
    if protocol not in NAMES:
        raise Malformed(protocol, 0, "no row of the table matches")
    message: Message = TABLE[NAMES.index(protocol)].parse(payload)
    return message
