"""What stands in front of a connection that somebody in between hands on.

That is the header of the PROXY protocol, with which a load balancer names the client (HAProxy's document of that name,
versions 1, a line, and 2, octets), or what opens a tunnel through a proxy of HTTP (RFC 9110 section 9.3.6).
"""

from __future__ import annotations

from dissectors.wire.spec import Incomplete

MAX_LINE_OCTETS = 107
"""Octets of the line of version 1."""

_LINE, _SIGNATURE = b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"
_HEADER = len(_SIGNATURE) + 4

MAX_HEAD_OCTETS = 4096
"""Octets of the request for a tunnel, or of its answer."""

_CONNECT, _ANSWERS = b"CONNECT ", (b"HTTP/1.1 2", b"HTTP/1.0 2")


def tunnel(octets: bytes, answer: bool) -> int | Incomplete:
    """The octets of a request for a tunnel, or of the answer that grants it, 0 where none begins."""
    words = _ANSWERS if answer else (_CONNECT,)
    if not any(octets.startswith(word[: len(octets)]) for word in words):
        return 0
    end = octets.find(b"\r\n\r\n", 0, MAX_HEAD_OCTETS)
    if end < 0:
        return Incomplete(len(octets) + 1) if len(octets) < MAX_HEAD_OCTETS else 0
    return end + 4


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
