"""TURN ChannelData (RFC 8656 section 12.4)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Between, LengthField, Spec, plausible


def parse(payload: bytes):
    raise Malformed("TURN", 0, "not read yet")


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
    wireshark="turnchannel",
)
