"""RTCP (RFC 3550 section 6, RFC 4585, RFC 3611) and SRTCP as far as it is in the clear (RFC 3711)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Between, Bits, Chain, LengthField, Spec, certain, plausible


def parse(payload: bytes):
    raise Malformed("RTCP", 0, "not read yet")


_VERSION_2 = Bits(0, 0xC0, 0x80)

SPEC = Spec(
    name="RTCP",
    match=(
        certain(
            "packet types 200 to 211 in a compound whose lengths fit exactly",
            AtLeast(8),
            Chain(0, 2, 4, 4, 4, (_VERSION_2, Between(1, 1, 200, 211))),
        ),
        plausible(
            "a packet type of RTCP's range in a compound whose lengths fit exactly",
            AtLeast(8),
            Chain(0, 2, 4, 4, 4, (_VERSION_2, Between(1, 1, 192, 223))),
        ),
        plausible(
            "a packet type of RTCP's range and a first length that fits",
            AtLeast(12),
            _VERSION_2,
            Between(1, 1, 192, 223),
            LengthField(2, 4, 4, 65535),
            encrypted=True,
            wireshark="srtcp",
        ),
    ),
    parse=parse,
    wireshark="rtcp",
)
