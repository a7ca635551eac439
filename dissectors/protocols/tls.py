"""What a TLS ClientHello says in the clear (RFC 8446 section 4.1.2): versions, server name, application protocols."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

HANDSHAKE, CLIENT_HELLO = 22, 1
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
SERVER_NAME, APPLICATION_PROTOCOLS, SUPPORTED_VERSIONS = 0, 16, 43
HEADERS = 9
"""Octets of the headers of the record and of the handshake message."""

MAX_NAME_OCTETS = 255


class ClientHello(NamedTuple):
    """The highest version that a client offers, the server that it asks for, and the protocols that it would speak."""

    version: str
    server_name: str
    protocols: tuple[str, ...]


def client_hello(octets: bytes) -> ClientHello | None:
    """The ClientHello that begins a connection, as far as it is there; None where none does."""
    if len(octets) < HEADERS + 35 or octets[0] != HANDSHAKE or octets[1] != 3 or octets[5] != CLIENT_HELLO:
        return None
    version = int.from_bytes(octets[HEADERS : HEADERS + 2], "big")
    at = HEADERS + 34
    for width in (1, 2, 1):
        # The session's identifier, the cipher suites, the methods of compression.
        at += width + int.from_bytes(octets[at : at + width], "big")
    name, protocols = "", []
    for kind, value in _extensions(octets, at + 2):
        if kind == SERVER_NAME:
            name = _text(value[5 : 5 + int.from_bytes(value[3:5], "big")])
        elif kind == APPLICATION_PROTOCOLS:
            protocols = [_text(each) for each in _listed(value[2:])]
        elif kind == SUPPORTED_VERSIONS:
            offered = {int.from_bytes(value[place : place + 2], "big") for place in range(1, len(value) - 1, 2)}
            version = max(offered & VERSIONS.keys(), default=version)
    return ClientHello(VERSIONS.get(version, "TLS"), name, tuple(protocols))


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
