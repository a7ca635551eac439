"""HTTP/1.1 messages on a stream (RFC 9112): where they end, and their parts."""

from __future__ import annotations

import re

from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Incomplete
from dissectors.wire.values import Struct

MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS = 1 << 14, 1 << 20
"""Octets of a start line with its headers, and of a message, beyond which there is none."""

BEGINNINGS = (b"GET ", b"POST ", b"PATCH ", b"DELETE ", b"OPTIONS ", b"PUT ", b"HEAD ", b"HTTP/1.1 ", b"HTTP/1.0 ")
WITHOUT_BODY = (204, 304)

CARRIES_SDP = rb"^Content-Type[ \t]*:[ \t]*application/(?:sdp|trickle-ice-sdpfrag)\b"
"""The header of a message whose body describes a session, or adds candidates to one (WHIP, WHEP)."""

_REQUEST = pattern(rb"([A-Z]{3,7}) ([^ \r\n]+) HTTP/1\.[01]\r?\n")
_STATUS = pattern(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")
_HEADER = pattern(rb"^([A-Za-z0-9-]{1,64})[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.M)
_CHUNK = pattern(rb"([0-9A-Fa-f]{1,6})(?:;[^\r\n]{0,256})?\r\n")


class Message(Struct, frozen=True):
    """A request (`method`, `target`) or a response (`status`); header names are in lower case."""

    method: str
    target: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """The value of a header, empty without one."""
        return self.headers.get(name.lower(), "")


def frame(octets: bytes) -> int | Incomplete:
    """The octets of the message that begins here, or `Incomplete`; raises Malformed where none begins."""
    if not any(octets.startswith(each[: len(octets)]) for each in BEGINNINGS):
        raise Malformed("HTTP", 0, "no start line")
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        if len(octets) > MAX_HEAD_OCTETS:
            raise Malformed("HTTP", len(octets), f"a header block of more than {MAX_HEAD_OCTETS} bytes")
        return Incomplete(len(octets) + 1)
    method, _, status, headers = _head(octets[: end + 2])
    at = end + 4
    if method in ("GET", "HEAD") or (not method and (status < 200 or status in WITHOUT_BODY)):
        return at
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunked(octets, at)[0]
    length = headers.get("content-length", "0")
    size = at + int(length) if length.isdecimal() and len(length) < 10 else MAX_MESSAGE_OCTETS + 1
    if size > MAX_MESSAGE_OCTETS:
        raise Malformed("HTTP", at, f"a message of {size} bytes")
    return size if size <= len(octets) else Incomplete(size)


def parse(octets: bytes) -> Message:
    """The message that begins here; raises Malformed where none does, or it is not whole."""
    size = frame(octets)
    if isinstance(size, Incomplete):
        raise Malformed("HTTP", len(octets), "the message is not whole")
    end = octets.find(b"\r\n\r\n")
    method, target, status, headers = _head(octets[: end + 2])
    chunked = "chunked" in headers.get("transfer-encoding", "").lower() and size > end + 4
    body = _chunked(octets, end + 4)[1] if chunked else octets[end + 4 : size]
    return Message(method, target, status, headers, body)


def _head(block: bytes) -> tuple[str, str, int, dict[str, str]]:
    request, response = _REQUEST().match(block), _STATUS().match(block)
    if request is None and response is None:
        raise Malformed("HTTP", 0, "no start line")
    found = {name.decode("ascii").lower(): value.decode("utf-8", "replace") for name, value in _HEADER().findall(block)}
    if request is not None:
        return request[1].decode(), request[2].decode("utf-8", "replace"), 0, found
    assert response is not None
    return "", "", int(response[1]), found


def _chunked(octets: bytes, at: int) -> tuple[int | Incomplete, bytes]:
    """Where a body in chunks ends, and what is in them (RFC 9112 section 7.1)."""
    body = bytearray()
    while True:
        found = _CHUNK().match(octets, at)
        if found is None:
            if len(octets) - at > 512 or b"\n" in octets[at:]:
                raise Malformed("HTTP", at, "no chunk")
            return Incomplete(len(octets) + 1), bytes(body)
        size, at = int(found[1], 16), found.end()
        if len(body) + size > MAX_MESSAGE_OCTETS:
            raise Malformed("HTTP", at, "too many bytes in chunks")
        if size == 0:
            end = octets.find(b"\r\n", at)
            # Trailers are as rare as they are useless here: only an empty line ends what is read.
            if end < 0:
                return Incomplete(len(octets) + 1), bytes(body)
            if end > at:
                raise Malformed("HTTP", at, "trailers behind chunks")
            return at + 2, bytes(body)
        if at + size + 2 > len(octets):
            return Incomplete(at + size + 2), bytes(body)
        body += octets[at : at + size]
        at += size + 2
