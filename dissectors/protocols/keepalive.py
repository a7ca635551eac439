"""Keep-alives: CR LF (RFC 5626 section 4.4.1), NULs and the empty datagram (RFC 6263 section 4)."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import AtLeast, AtMost, Only, Spec, certain


def parse(payload: bytes):
    raise Malformed("KEEPALIVE", 0, "not read yet")


SPEC = Spec(
    name="KEEPALIVE",
    match=(
        certain("nothing but CR and LF", AtLeast(1), AtMost(8), Only(b"\r\n")),
        certain("nothing but a few NULs", AtLeast(1), AtMost(4), Only(b"\0")),
        certain("an empty datagram", AtMost(0)),
    ),
    parse=parse,
    wireshark="data",
)
