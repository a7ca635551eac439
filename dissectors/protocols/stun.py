"""STUN (RFC 8489, 5389, 3489), with the attributes of ICE (RFC 8445) and TURN (RFC 8656)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Bits, Chain, LengthField, Spec, U32, certain, plausible


def parse(payload: bytes):
    raise Malformed("STUN", 0, "not read yet")


MAGIC_COOKIE = 0x2112A442

# RFC 3489 has no cookie: the class bits may vary, the method is Binding (1) or Shared Secret (2).
_CLASSIC = (
    AtLeast(20),
    Bits(0, 0xFE, 0x00),
    LengthField(2, 1, 20, 0),
    Chain(20, 2, 1, 4, 4, ()),
)

SPEC = Spec(
    name="STUN",
    match=(
        certain("magic cookie 0x2112A442 and two zero bits", AtLeast(20), Bits(0, 0xC0, 0x00), U32(4, MAGIC_COOKIE)),
        plausible("Binding message of RFC 3489", Bits(1, 0xEF, 0x01), *_CLASSIC, wireshark="classicstun"),
        plausible("Shared Secret message of RFC 3489", Bits(1, 0xEF, 0x02), *_CLASSIC, wireshark="classicstun"),
    ),
    parse=parse,
    wireshark="stun-udp",
)
