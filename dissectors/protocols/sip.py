"""SIP (RFC 3261): start line, headers in every form, body."""
from __future__ import annotations

from dissectors.wire.datagram import Malformed
from dissectors.wire.spec import Spec, StartLine, certain


def parse(payload: bytes):
    raise Malformed("SIP", 0, "not read yet")


SPEC = Spec(
    name="SIP",
    match=(certain("start line of SIP/2.0", StartLine(b"SIP/2.0", (b"sip:", b"sips:", b"tel:"))),),
    parse=parse,
    wireshark="sip",
)
