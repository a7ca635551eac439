"""RTP (RFC 3550 section 5), with header extensions (RFC 8285) and padding."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, Bits, RtpHeader, Spec, plausible


def parse(payload: bytes):
    raise Malformed("RTP", 0, "not read yet")


SPEC = Spec(
    name="RTP",
    match=(plausible("version 2 and a header that fits", AtLeast(12), Bits(0, 0xC0, 0x80), RtpHeader()),),
    parse=parse,
    wireshark="rtp",
)
