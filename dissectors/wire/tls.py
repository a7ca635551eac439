"""Records of TLS and the handshake messages in them (RFC 5246 section 6.2, RFC 8446 section 5.1)."""
from __future__ import annotations

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import Incomplete
from dissectors.wire.values import Struct

HEADER, MESSAGE_HEADER = 5, 4
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = KINDS = range(20, 25)
CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, END_OF_EARLY_DATA, ENCRYPTED_EXTENSIONS = 1, 2, 4, 5, 8
CERTIFICATE, CERTIFICATE_REQUEST, CLIENT_KEY_EXCHANGE, FINISHED, KEY_UPDATE = 11, 13, 16, 20, 24

MAX_FRAGMENT_OCTETS = (1 << 14) + 2048
"""Octets of a record that is encrypted (RFC 5246 section 6.2.3)."""

MAX_MESSAGE_OCTETS = 1 << 17
"""Octets of a handshake message beyond which there is none: the largest are chains of certificates."""


class Record(Struct, frozen=True):
    """One record: its content type, the version in its header, and what it holds."""

    kind: int
    version: int
    fragment: bytes

    @property
    def size(self) -> int:
        """Its octets with its header."""
        return HEADER + len(self.fragment)


def frame(octets: bytes) -> int | Incomplete:
    """The size of the record that begins here; raises Malformed where none does."""
    if len(octets) < HEADER:
        if octets and octets[0] not in KINDS or octets[1:2] not in (b"", b"\x03"):
            raise Malformed("TLS", 0, "no record begins so")
        return Incomplete(HEADER)
    length = int.from_bytes(octets[3:HEADER], "big")
    if octets[0] not in KINDS or octets[1] != 3 or octets[2] > 4 or length > MAX_FRAGMENT_OCTETS:
        raise Malformed("TLS", 0, "no record begins so")
    if not length and octets[0] != APPLICATION_DATA:
        raise Malformed("TLS", 3, "an empty record")
    size = HEADER + length
    return size if size <= len(octets) else Incomplete(size)


def record(octets: bytes) -> Record | Incomplete:
    """The record that begins here; raises Malformed where none does."""
    size = frame(octets)
    if isinstance(size, Incomplete):
        return size
    return Record(octets[0], int.from_bytes(octets[1:3], "big"), octets[HEADER:size])


class Messages:
    """The handshake messages of one direction, put together from records."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def take(self, fragment: bytes) -> list[bytes]:
        """The messages that are whole now, with their headers; raises Malformed for one that is too large."""
        octets, at, found = self._held + fragment, 0, []
        while at + MESSAGE_HEADER <= len(octets):
            size = MESSAGE_HEADER + int.from_bytes(octets[at + 1 : at + MESSAGE_HEADER], "big")
            if size > MAX_MESSAGE_OCTETS:
                self.lose()
                raise Malformed("TLS", at, f"a handshake message of {size} bytes")
            if at + size > len(octets):
                break
            found.append(octets[at : at + size])
            at += size
        self._held = octets[at:]
        return found

    def lose(self) -> None:
        """Forget what is there of a message: octets are missing."""
        self._held = b""

    @property
    def weight(self) -> int:
        """Octets that are held."""
        return len(self._held)


def certificates(body: bytes, named: bool) -> list[bytes]:
    """The chain of a Certificate in DER, the sender's own first; `named` says that it is of TLS 1.3.

    What does not fit is left out (RFC 5246 section 7.4.2, RFC 8446 section 4.4.2).
    """
    at = 1 + body[0] if named and body else 0
    at += 3
    found = []
    while at + 3 <= len(body):
        size = int.from_bytes(body[at : at + 3], "big")
        if at + 3 + size > len(body):
            break
        found.append(body[at + 3 : at + 3 + size])
        at += 3 + size
        if named:
            at += 2 + int.from_bytes(body[at : at + 2], "big")
    return found
