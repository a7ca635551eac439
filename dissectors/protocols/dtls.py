"""DTLS records and handshake messages (RFC 6347, RFC 9147)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Between, Bits, Chain, Spec, certain, plausible


def parse(payload: bytes):
    raise Malformed("DTLS", 0, "not read yet")


SPEC = Spec(
    name="DTLS",
    match=(
        certain(
            "content type, version 254.x and a chain of whole records",
            AtLeast(13),
            Chain(0, 11, 1, 13, 1, (Between(0, 1, 20, 26), Bits(1, 0xFF, 0xFE))),
        ),
        plausible("unified header of DTLS 1.3", AtLeast(18), Bits(0, 0xE0, 0x20), encrypted=True),
    ),
    parse=parse,
    wireshark="dtls",
)
