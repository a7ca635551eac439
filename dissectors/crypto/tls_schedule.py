"""How the keys of TLS come from its secrets (RFC 5246 section 5 and 6.3, RFC 7627, RFC 8446 section 7)."""
from __future__ import annotations

import hashlib
import hmac

from dissectors.crypto.tls_suites import Suite
from dissectors.wire.tls_names import TLS_1_2

MASTER_OCTETS = 48
KEY_EXPANSION, MASTER, EXTENDED_MASTER = b"key expansion", b"master secret", b"extended master secret"

TLS, DTLS = b"tls13 ", b"dtls13"
"""How labels of version 1.3 begin."""

Keys = tuple[bytes, bytes, bytes]
"""Of one side: the key of its MAC, the key of its cipher, the part of the nonce that stays (or the first block)."""


def prf(version: int, digest: str, secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """The pseudorandom function of TLS 1.0 to 1.2."""
    if version >= TLS_1_2:
        return _expanded(digest, secret, label + seed, size)
    half = (len(secret) + 1) // 2
    one = _expanded("md5", secret[:half], label + seed, size)
    two = _expanded("sha1", secret[-half:], label + seed, size)
    return bytes(a ^ b for a, b in zip(one, two, strict=True))


def master_secret(version: int, suite: Suite, premaster: bytes, seed: bytes, extended: bool) -> bytes:
    """The master secret; `seed` is both randoms, or the hash of the handshake where it is `extended`."""
    label = EXTENDED_MASTER if extended else MASTER
    return prf(version, suite.prf, premaster, label, seed, MASTER_OCTETS)


def session_hash(version: int, suite: Suite, messages: bytes) -> bytes:
    """The hash of the handshake so far, for the extended master secret."""
    if version >= TLS_1_2:
        return hashlib.new(suite.prf, messages).digest()
    return hashlib.md5(messages, usedforsecurity=False).digest() + hashlib.sha1(
        messages, usedforsecurity=False
    ).digest()


def key_block(version: int, suite: Suite, master: bytes, client: bytes, server: bytes) -> tuple[Keys, Keys]:
    """The keys of the client and of the server, by the master secret and both randoms."""
    cipher = suite.cipher
    fixed = cipher.fixed or (cipher.block if version < TLS_1_2 else 0)
    sizes = (suite.mac_octets, suite.mac_octets, cipher.key, cipher.key, fixed, fixed)
    block = prf(version, suite.prf, master, KEY_EXPANSION, server + client, sum(sizes))
    parts, at = [], 0
    for size in sizes:
        parts.append(block[at : at + size])
        at += size
    return (parts[0], parts[2], parts[4]), (parts[1], parts[3], parts[5])


def traffic_keys(suite: Suite, secret: bytes, of: bytes = TLS) -> tuple[bytes, bytes]:
    """Key and nonce of a traffic secret of TLS 1.3, or of DTLS."""
    key = expand_label(suite.prf, secret, b"key", suite.cipher.key, of=of)
    return key, expand_label(suite.prf, secret, b"iv", 12, of=of)


def next_secret(suite: Suite, secret: bytes, of: bytes = TLS) -> bytes:
    """The traffic secret after an update of keys."""
    return expand_label(suite.prf, secret, b"traffic upd", len(secret), of=of)


def exported(suite: Suite, secret: bytes, label: bytes, size: int, of: bytes = TLS) -> bytes:
    """Keying material for a label without a context, of the exporter's secret (RFC 8446 section 7.5)."""
    nothing = hashlib.new(suite.prf).digest()
    derived = expand_label(suite.prf, secret, label, len(nothing), nothing, of)
    return expand_label(suite.prf, derived, b"exporter", size, nothing, of)


def expand_label(digest: str, secret: bytes, label: bytes, size: int, context: bytes = b"", of: bytes = TLS) -> bytes:
    """HKDF-Expand-Label of TLS 1.3, or of DTLS (RFC 9147 section 5.9)."""
    name = of + label
    info = size.to_bytes(2, "big") + bytes((len(name),)) + name + bytes((len(context),)) + context
    found, block, count = b"", b"", 1
    while len(found) < size:
        block = hmac.digest(secret, block + info + bytes((count,)), digest)
        found += block
        count += 1
    return found[:size]


def _expanded(digest: str, secret: bytes, seed: bytes, size: int) -> bytes:
    found, each = b"", seed
    while len(found) < size:
        each = hmac.digest(secret, each, digest)
        found += hmac.digest(secret, each + seed, digest)
    return found[:size]
