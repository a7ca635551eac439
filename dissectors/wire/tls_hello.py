"""The hellos of TLS (RFC 5246 section 7.4.1, RFC 8446 section 4.1): what both sides can, and what was chosen."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dissectors.wire.errors import Malformed
from dissectors.wire.tls_names import VERSIONS
from dissectors.wire.values import Struct

HANDSHAKE, CLIENT_HELLO = 22, 1
HEADERS = 9
"""Octets of the headers of the record and of the handshake message."""

FIXED = 34
"""Octets of a hello before what has no fixed length: its version and its random."""

MAX_NAME_OCTETS, MAX_PROTOCOLS = 255, 16

SERVER_NAME, APPLICATION_PROTOCOLS, ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET = 0, 16, 22, 23
SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA, SUPPORTED_VERSIONS = 35, 41, 42, 43

RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3)."""


class ClientHello(Struct, frozen=True):
    """What a client offers; `newest` is the highest version of it, `session` the identifier of an earlier session."""

    newest: int
    random: bytes
    session: bytes
    server_name: str
    protocols: tuple[str, ...]
    extensions: dict[int, bytes]

    @property
    def version(self) -> str:
        """The name of the highest version."""
        return VERSIONS.get(self.newest, "TLS")


class ServerHello(Struct, frozen=True):
    """what a server chose."""

    version: int
    random: bytes
    session: bytes
    suite: int
    protocol: str
    extensions: dict[int, bytes]

    @property
    def retry(self) -> bool:
        """Whether it asks for another ClientHello."""
        return self.random == RETRY


def opening(octets: bytes) -> ClientHello | None:
    """The ClientHello that begins a connection, as far as it is there; None where none does."""
    if len(octets) < HEADERS + 35 or octets[0] != HANDSHAKE or octets[1] != 3 or octets[5] != CLIENT_HELLO:
        return None
    return client_hello(octets[HEADERS:])


def client_hello(body: bytes) -> ClientHello:
    """A ClientHello as far as it is there; raises Malformed where its random is not."""
    _whole(body)
    legacy, at = int.from_bytes(body[:2], "big"), FIXED
    session = body[at + 1 : at + 1 + body[at]]
    for width in (1, 2, 1):
        # The session's identifier, the cipher suites, the methods of compression.
        at += width + int.from_bytes(body[at : at + width], "big")
    extensions = dict(_extensions(body, at + 2))
    named = extensions.get(SERVER_NAME, b"")
    versions = extensions.get(SUPPORTED_VERSIONS, b"")
    offered = {int.from_bytes(versions[place : place + 2], "big") for place in range(1, len(versions) - 1, 2)}
    return ClientHello(
        newest=max(offered & VERSIONS.keys(), default=legacy),
        random=body[2:FIXED],
        session=session,
        server_name=_text(named[5 : 5 + int.from_bytes(named[3:5], "big")]),
        protocols=tuple(map(_text, islice(_listed(extensions.get(APPLICATION_PROTOCOLS, b"")[2:]), MAX_PROTOCOLS))),
        extensions=extensions,
    )


def server_hello(body: bytes) -> ServerHello:
    """A ServerHello; raises Malformed where it is not whole."""
    _whole(body)
    at = FIXED + 1 + body[FIXED]
    if len(body) < at + 3:
        raise Malformed("TLS", len(body), f"a ServerHello needs {at + 3} bytes, {len(body)} are here")
    extensions = dict(_extensions(body, at + 5))
    chosen = extensions.get(SUPPORTED_VERSIONS, b"")
    protocols = extensions.get(APPLICATION_PROTOCOLS, b"")
    return ServerHello(
        version=int.from_bytes(chosen[:2] if len(chosen) == 2 else body[:2], "big"),
        random=body[2:FIXED],
        session=body[FIXED + 1 : at],
        suite=int.from_bytes(body[at : at + 2], "big"),
        protocol=protocol(protocols),
        extensions=extensions,
    )


def encrypted_extensions(body: bytes) -> dict[int, bytes]:
    """The extensions of the message that follows the ServerHello of TLS 1.3 (RFC 8446 section 4.3.1)."""
    return dict(_extensions(body, 2))


def protocol(value: bytes) -> str:
    """The application protocol that a server chose, by the value of its extension; empty where it chose none."""
    return next(map(_text, _listed(value[2:])), "")


def _whole(body: bytes) -> None:
    if len(body) <= FIXED:
        raise Malformed("TLS", len(body), f"a hello needs more than {FIXED} bytes, {len(body)} are here")


def _extensions(octets: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The extensions that are whole, by type."""
    while at + 4 <= len(octets):
        kind, size = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        at += 4 + size
        if at <= len(octets):
            yield kind, octets[at - size : at]


def _listed(octets: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(octets):
        size = octets[at]
        yield octets[at + 1 : at + 1 + size]
        at += 1 + size


def _text(octets: bytes) -> str:
    return octets[:MAX_NAME_OCTETS].decode("ascii", "replace")
