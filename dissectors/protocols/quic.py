"""QUIC long and short headers (RFC 9000 section 17, RFC 9443)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Between, Bits, Spec, U16, U32, certain, plausible


def parse(payload: bytes):
    raise Malformed("QUIC", 0, "not read yet")


_LONG = (AtLeast(7), Bits(0, 0xC0, 0xC0), Between(5, 1, 0, 20))

SPEC = Spec(
    name="QUIC",
    match=(
        certain("long header of version 1", *_LONG, U32(1, 0x00000001)),
        certain("long header of version 2", *_LONG, U32(1, 0x6B3343CF)),
        certain("long header of a draft version", *_LONG, Between(1, 4, 0xFF000000, 0xFF0000FF)),
        certain("long header of Google's QUIC", AtLeast(7), Bits(0, 0xC0, 0xC0), Between(1, 4, 0x51303030, 0x51303939)),
        certain("header of Google's early QUIC", AtLeast(13), Bits(0, 0xC9, 0x09), U16(9, 0x5130)),
        plausible("fixed bit of a short header", AtLeast(21), Bits(0, 0xC0, 0x40)),
    ),
    parse=parse,
    wireshark="quic",
)
