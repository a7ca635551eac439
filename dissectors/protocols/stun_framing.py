"""How long a STUN message is on a stream (RFC 8489 section 6.2.2)."""
from __future__ import annotations

from dissectors.protocols.stun_attributes import COOKIE
from dissectors.protocols.stun_integrity import HEADER
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete


def frame(octets: bytes) -> int | Incomplete:
    """The octets of the message with a cookie that begins here, or `Incomplete`; raises Malformed where none begins."""
    if octets[:1] > b"\x3f" or not COOKIE.startswith(octets[4:8]):
        raise Malformed("STUN", 0, "no cookie")
    if len(octets) >= 4 and octets[3] & 3:
        raise Malformed("STUN", 2, "the length is not a multiple of 4")
    if len(octets) < HEADER:
        return Incomplete(HEADER)
    size = HEADER + int.from_bytes(octets[2:4], "big")
    return size if size <= len(octets) else Incomplete(size)
