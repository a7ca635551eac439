"""WebSocket (RFC 6455) with compressed messages (RFC 7692): from the octets of one direction to whole messages."""

from __future__ import annotations

import re
import zlib

from dissectors.wire.errors import Malformed
from dissectors.wire.patterns import pattern
from dissectors.wire.spec import Beyond, Incomplete
from dissectors.wire.values import Struct

MAX_HEAD_OCTETS, MAX_MESSAGE_OCTETS, MAX_PASSED_OCTETS = 1 << 14, 1 << 20, 1 << 24
"""Octets of the HTTP message that upgrades, beyond which there is none; of a message, inflated, beyond which it is not
kept; and of a frame, beyond which there is none.
"""

WINDOW_OCTETS = 44_000
"""What it takes to inflate a direction: 32 KiB of what came before, and tables."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KNOWN = (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
FINAL, COMPRESSED, RESERVED, MASKED = 0x80, 0x40, 0x30, 0x80
MESSAGES = tuple(bytes((FINAL | first | code,)) for first in (0, COMPRESSED) for code in (TEXT, BINARY))
"""The first octets of messages of one frame."""

FLUSHED = b"\0\0\xff\xff"
"""What a sender leaves out at the end of a compressed message (RFC 7692 section 7.2.1)."""

_REQUEST = b"GET "
_UPGRADE = pattern(rb"^Upgrade[ \t]*:[ \t]*websocket[ \t]*\r?$", re.I | re.M)
_SWITCHED = pattern(rb"HTTP/1\.1 101[ \r\n]")


class Frame(Struct, frozen=True):
    """One frame: its size with its header, its first octet, and its payload without the mask."""

    size: int
    first: int
    payload: bytes


def upgrade(octets: bytes) -> int | Incomplete:
    """The size of the request that asks for WebSocket, with which a connection begins."""
    if not octets.startswith(_REQUEST[: len(octets)]):
        raise Malformed("WebSocket", 0, "no GET")
    end = octets.find(b"\r\n\r\n")
    if end < 0 and len(octets) <= MAX_HEAD_OCTETS:
        return Incomplete(len(octets) + 1)
    if end < 0 or not _UPGRADE().search(octets, 0, end + 2):
        raise Malformed("WebSocket", 0, "no upgrade")
    return end + 4


def frame(octets: bytes) -> Frame | Incomplete:
    """The frame that begins here (RFC 6455 section 5.2); raises Malformed where none can."""
    if not octets:
        return Incomplete(2)
    code = octets[0] & 0x0F
    if octets[0] & RESERVED or code not in KNOWN or (code >= CLOSE and octets[0] & ~0x0F != FINAL):
        raise Malformed("WebSocket", 0, "no frame begins so")
    if len(octets) < 2:
        return Incomplete(2)
    length, at = octets[1] & 0x7F, 2
    wider = {126: 2, 127: 8}.get(length, 0)
    if code >= CLOSE and wider:
        raise Malformed("WebSocket", 1, "a control frame of more than 125 bytes")
    masked = 4 if octets[1] & MASKED else 0
    if len(octets) < at + wider + masked:
        return Incomplete(at + wider + masked)
    if wider:
        length = int.from_bytes(octets[at : at + wider], "big")
    if length > MAX_PASSED_OCTETS:
        raise Malformed("WebSocket", 1, f"a frame of {length} bytes")
    at += wider + masked
    size = at + length
    if length > MAX_MESSAGE_OCTETS:
        return Beyond(size)
    if size > len(octets):
        return Incomplete(size)
    payload = octets[at:size]
    return Frame(size, octets[0], unmasked(payload, octets[at - 4 : at]) if masked else payload)


def fills(octets: bytes) -> bool:
    """Whether these octets are whole frames."""
    while octets:
        try:
            found = frame(octets)
        except Malformed:
            return False
        if isinstance(found, Incomplete):
            return False
        octets = octets[found.size :]
    return True


def unmasked(payload: bytes, key: bytes) -> bytes:
    """Octets without their mask of four octets (RFC 6455 section 5.3)."""
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")


class Reader:
    """One direction: first the HTTP message that upgrades, then frames.

    `weight` says how many octets it holds.
    """

    __slots__ = ("_compressed", "_inflating", "_parts", "upgraded")

    def __init__(self) -> None:
        self.upgraded = False
        self.lose()

    @property
    def weight(self) -> int:
        return len(self._parts) + (WINDOW_OCTETS if self._inflating is not None else 0)

    def lose(self) -> None:
        """Octets are missing: forget the message that they belong to, and what came before."""
        self._parts = bytearray()
        self._compressed = False
        self._inflating: zlib._Decompress | None = None

    def take(self, octets: bytes) -> tuple[int, bytes] | Incomplete:
        """How many octets are read, and the message that is whole with them, empty while it is not.

        Raises Malformed where no frame begins.
        """
        if not self.upgraded:
            return self._upgrade(octets)
        found = frame(octets)
        if isinstance(found, Incomplete):
            if isinstance(found, Beyond):
                self.lose()
            return found
        return found.size, self._message(found.first, found.payload)

    def _upgrade(self, octets: bytes) -> tuple[int, bytes] | Incomplete:
        end = octets.find(b"\r\n\r\n")
        if end < 0 and len(octets) <= MAX_HEAD_OCTETS:
            return Incomplete(len(octets) + 1)
        if end < 0 or not (octets.startswith(_REQUEST) or _SWITCHED().match(octets)):
            raise Malformed("WebSocket", 0, "the server does not switch")
        self.upgraded = True
        return end + 4, b""

    def _message(self, first: int, payload: bytes) -> bytes:
        """The message that a frame makes whole, if it is of text or data and can be inflated."""
        code = first & 0x0F
        if code >= CLOSE:
            return b""
        if code != CONTINUATION:
            self._parts.clear()
            self._compressed = bool(first & COMPRESSED)
        self._parts += payload
        if len(self._parts) > MAX_MESSAGE_OCTETS:
            self.lose()
            return b""
        if not first & FINAL:
            return b""
        message = bytes(self._parts)
        self._parts.clear()
        return self._inflated(message) if self._compressed else message

    def _inflated(self, octets: bytes) -> bytes:
        """A compressed message as it was, empty where it cannot be inflated or is too large."""
        if self._inflating is None or self._inflating.eof:
            self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            message = self._inflating.decompress(octets + FLUSHED, MAX_MESSAGE_OCTETS)
        except zlib.error:
            message = b""
            self._inflating = None
        else:
            if self._inflating.unconsumed_tail:
                message = b""
                self._inflating = None
        return message
