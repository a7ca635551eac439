"""ZRTP (RFC 6189)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Bits, Spec, U32, certain


def parse(payload: bytes):
    raise Malformed("ZRTP", 0, "not read yet")


MAGIC_COOKIE = 0x5A525450

SPEC = Spec(
    name="ZRTP",
    match=(certain("magic cookie «ZRTP»", AtLeast(12), Bits(0, 0xF0, 0x10), U32(4, MAGIC_COOKIE)),),
    parse=parse,
    wireshark="zrtp",
)
