"""The header of the PROXY protocol, with which a load balancer names the client in front of its connection.

HAProxy's document "The PROXY protocol", versions 1 (a line) and 2 (octets).
"""

from __future__ import annotations

from dissectors.wire.spec import Incomplete

MAX_LINE_OCTETS = 107
"""Octets of the line of version 1."""

_LINE, _SIGNATURE = b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"
_HEADER = len(_SIGNATURE) + 4


def header(octets: bytes) -> int | Incomplete:
    """The octets of the header that begins here, 0 where none does."""
    if octets.startswith(_SIGNATURE):
        if len(octets) < _HEADER:
            return Incomplete(_HEADER)
        size = _HEADER + int.from_bytes(octets[_HEADER - 2 : _HEADER], "big")
        return size if size <= len(octets) else Incomplete(size)
    if octets.startswith(_LINE):
        end = octets.find(b"\r\n", 0, MAX_LINE_OCTETS)
        if end < 0 and len(octets) < MAX_LINE_OCTETS:
            return Incomplete(len(octets) + 1)
        return end + 2 if end >= 0 else 0
    begins = octets and (_LINE.startswith(octets) or _SIGNATURE.startswith(octets))
    return Incomplete(len(octets) + 1) if begins else 0
