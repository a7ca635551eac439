"""Records of TLS without their protection (RFC 5246 section 6.2.3, RFC 7366, RFC 7905, RFC 8446 section 5.2).

What protects a record names its number in the direction. Where records are missing in the capture, the number of the
next one is found by trying: it is right where the record opens.
"""
from __future__ import annotations

import hmac
from collections.abc import Callable

from dissectors.crypto import primitives
from dissectors.crypto.tls_schedule import Keys, traffic_keys
from dissectors.crypto.tls_suites import Suite
from dissectors.wire.tls import Record
from dissectors.wire.tls_names import TLS_1_1

MAX_MISSING_RECORDS = 64
"""How many records may be missing before one that opens."""

EXPLICIT = 8
"""Octets of the nonce that a record of TLS 1.2 carries."""

Inner = tuple[int, bytes]
"""A content type, and what was protected."""

Opener = Callable[[int, Record], "Inner | None"]


class Protection:
    """The protection of one direction: opens its records one after the other."""

    __slots__ = ("_open", "sequence")

    def __init__(self, opener: Opener) -> None:
        self._open = opener
        self.sequence = 0

    def take(self, record: Record, missing: bool = False) -> Inner | None:
        """What is in the next record, None where it does not open; records before it may be `missing`."""
        for ahead in range(MAX_MISSING_RECORDS if missing else 1):
            inner = self._open(self.sequence + ahead, record)
            if inner is not None:
                self.sequence += ahead + 1
                return inner
        return None


def older(version: int, suite: Suite, keys: Keys, encrypt_then_mac: bool) -> Opener:
    """What opens the records of TLS 1.0 to 1.2."""
    mac, key, fixed = keys
    cipher = suite.cipher
    if cipher.tag:
        return _sealed(suite, key, fixed)
    if not cipher.block:
        return lambda sequence, record: _authentic(suite, mac, sequence, record, record.fragment)
    return _Chained(version, suite, keys, encrypt_then_mac).open


def newer(suite: Suite, secret: bytes) -> Opener:
    """What opens the records of TLS 1.3 that a traffic secret protects."""
    key, fixed = traffic_keys(suite, secret)
    decrypt = primitives.sealed(suite.cipher.mode, key, suite.cipher.tag)

    def opened(sequence: int, record: Record) -> Inner | None:
        octets = record.fragment
        beside = bytes((record.kind,)) + record.version.to_bytes(2, "big") + len(octets).to_bytes(2, "big")
        inner = decrypt(_mixed(fixed, sequence), octets, beside)
        content = inner.rstrip(b"\0") if inner is not None else b""
        return (content[-1], content[:-1]) if content else None

    return opened


def _sealed(suite: Suite, key: bytes, fixed: bytes) -> Opener:
    """AES-GCM, AES-CCM and ChaCha20-Poly1305 of TLS 1.2."""
    tag = suite.cipher.tag
    decrypt = primitives.sealed(suite.cipher.mode, key, tag)
    explicit = EXPLICIT if suite.cipher.fixed < 12 else 0

    def opened(sequence: int, record: Record) -> Inner | None:
        octets = record.fragment[explicit:]
        if len(octets) < tag:
            return None
        nonce = fixed + record.fragment[:explicit] if explicit else _mixed(fixed, sequence)
        inner = decrypt(nonce, octets, _beside(sequence, record, len(octets) - tag))
        return None if inner is None else (record.kind, inner)

    return opened


class _Chained:
    """CBC, with the MAC inside or outside; TLS 1.0 chains each record to the one before."""

    __slots__ = ("_before", "_key", "_mac", "_outside", "_suite", "_version")

    def __init__(self, version: int, suite: Suite, keys: Keys, encrypt_then_mac: bool) -> None:
        self._version, self._suite, self._outside = version, suite, encrypt_then_mac
        self._mac, self._key, self._before = keys

    def open(self, sequence: int, record: Record) -> Inner | None:
        suite, octets, block = self._suite, record.fragment, self._suite.cipher.block
        if self._outside:
            octets, tag = octets[: -suite.mac_octets], octets[-suite.mac_octets :]
            said = _beside(sequence, record, len(octets)) + octets
            if not hmac.compare_digest(hmac.digest(self._mac, said, suite.mac), tag):
                return None
        before = self._before
        if self._version >= TLS_1_1:
            before, octets = octets[:block], octets[block:]
        if len(before) != block or not octets or len(octets) % block:
            return None
        self._before = octets[-block:]
        inner = primitives.chained(suite.cipher.mode, self._key, before, octets)
        if inner[-1] >= len(inner):
            return None
        content = inner[: -1 - inner[-1]]
        if self._outside:
            return record.kind, content
        found = _authentic(suite, self._mac, sequence, record, content)
        if found is None and self._version < TLS_1_1:
            self._before = before
        return found


def _authentic(suite: Suite, mac: bytes, sequence: int, record: Record, octets: bytes) -> Inner | None:
    """What stands before its MAC, None where that does not fit."""
    size = len(octets) - suite.mac_octets
    if size < 0:
        return None
    content = octets[:size]
    said = _beside(sequence, record, size) + content
    return (record.kind, content) if hmac.compare_digest(hmac.digest(mac, said, suite.mac), octets[size:]) else None


def _beside(sequence: int, record: Record, size: int) -> bytes:
    """The data that is authentic with a record and not in it."""
    head = sequence.to_bytes(8, "big") + bytes((record.kind,))
    return head + record.version.to_bytes(2, "big") + size.to_bytes(2, "big")


def _mixed(fixed: bytes, sequence: int) -> bytes:
    """A nonce of what stays and of the record's number."""
    return (int.from_bytes(fixed, "big") ^ sequence).to_bytes(len(fixed), "big")
