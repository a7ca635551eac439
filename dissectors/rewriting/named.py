"""Addresses in SIP and STUN that name an endpoint whose ports moved. All other octets stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dissectors.protocols import sip
from dissectors.protocols.stun_integrity import fingerprint_of
from dissectors.rewriting.messages import START, Edit, Head, Line
from dissectors.wire.addresses import written_address

Named = Callable[[str, int], "int | None"]
"""Of an address and a port: the port that it has now; None where nothing moved."""

HEADERS = frozenset((
    "Via", "Contact", "Route", "Record-Route", "Path", "Service-Route", "From", "To", "Refer-To", "Referred-By",
    "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "History-Info", "Authorization",
    "Proxy-Authorization",
))
"""Headers with addresses to which somebody sends."""

HOST = rb"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\])"
ADDRESS = re.compile(rb"(?<![\d.])" + HOST + rb":(\d{1,5})(?![\d.])(?![^,>\s]*;transport=(?!udp\b))", re.IGNORECASE)
"""An address with a port that is not one of another transport."""

RECEIVED = re.compile(rb";\s*received=" + HOST, re.IGNORECASE)
RPORT = re.compile(rb"(;\s*rport=)(\d{1,5})", re.IGNORECASE)
OF_UDP = re.compile(rb"[^/]*/[^/]*/\s*udp\b", re.IGNORECASE)

STUN_HEADER, FINGERPRINT = 20, 0x8028
PLAIN, XORED = frozenset((0x0001, 0x0004, 0x0005, 0x000B, 0x802B, 0x802C)), frozenset((0x0020, 0x8020))
"""Attributes with the address of an endpoint of STUN; those of TURN's peers and relays are of media."""


def in_sip(moved: Named) -> Edit:
    """An edit that lets the addresses in the head of a message over UDP follow."""

    def edit(message: sip.Message, head: Head, body: bytes) -> tuple[list[Line], bytes, str] | None:
        via = next((line for line in head.lines if line.name == "Via"), None)
        if via is None or not OF_UDP.match(via.octets.partition(b":")[2]):
            return None
        start = _followed(head.start, moved)
        lines = [_line(line, moved) if line.name in HEADERS else line for line in head.lines]
        if start == head.start and lines == list(head.lines):
            return None
        return [Line(start, START), *lines], body, "addresses of SIP moved"

    return edit


def _line(line: Line, moved: Named) -> Line:
    if line.name != "Via":
        return line._replace(octets=_followed(line.octets, moved))
    return line._replace(octets=b",".join(_hop(hop, moved) for hop in line.octets.split(b",")))


def _hop(hop: bytes, moved: Named) -> bytes:
    """A hop of Via: where it is, and the port from which it was heard."""
    host, rport = RECEIVED.search(hop) or re.search(HOST, hop), RPORT.search(hop)
    new = _followed(hop, moved)
    to = moved(_text(host[1]), int(rport[2])) if host and rport else None
    return new if to is None else RPORT.sub(rb"\g<1>%d" % to, new, count=1)


def _followed(octets: bytes, moved: Named) -> bytes:
    def follow(found: re.Match[bytes]) -> bytes:
        to = moved(_text(found[1]), int(found[2]))
        return found[0] if to is None else b"%s:%d" % (found[1], to)

    return ADDRESS.sub(follow, octets)


def _text(host: bytes) -> str:
    return host.strip(b"[]").decode("ascii", "replace").lower()


def in_stun(payload: bytes, moved: Named) -> bytes:
    """A message of STUN whose addresses follow, with its FINGERPRINT; the same octets where there is nothing to do.

    MESSAGE-INTEGRITY fits no more where an address before it changed.
    """
    if len(payload) != STUN_HEADER + int.from_bytes(payload[2:4], "big"):
        return payload
    out = bytearray(payload)
    for kind, at, size in _attributes(payload):
        if size in (8, 20) and kind in PLAIN | XORED:
            mask = payload[4:STUN_HEADER] if kind in XORED else bytes(16)
            value = bytes(one ^ two for one, two in zip(payload[at + 4 : at + size], mask, strict=False))
            hidden = int.from_bytes(mask[:2], "big")
            to = moved(written_address(value), int.from_bytes(payload[at + 2 : at + 4], "big") ^ hidden)
            if to is not None:
                out[at + 2 : at + 4] = (to ^ hidden).to_bytes(2, "big")
        elif kind == FINGERPRINT and size == 4 and payload[at : at + 4] == fingerprint_of(payload[: at - 4]):
            out[at : at + 4] = fingerprint_of(bytes(out[: at - 4]))
    return bytes(out)


def _attributes(payload: bytes) -> Iterator[tuple[int, int, int]]:
    """The type of each attribute, where its value begins, and its size."""
    at = STUN_HEADER
    while at + 4 <= len(payload):
        kind, size = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 4], "big")
        if at + 4 + size > len(payload):
            return
        yield kind, at + 4, size
        at += 4 + size + -size % 4
