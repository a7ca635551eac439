"""Keys that somebody gave or that a capture holds, told apart by their content.

A key log of NSS has a line for each secret: a label, the random of its ClientHello, the secret (RFC 9850). A private
key of RSA is a file of its own, PEM or DER. What holds master keys of SRTP is read by `srtp_keys`.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from dissectors.crypto import srtp_keys
from dissectors.crypto.srtp_keys import MasterKey

MAX_SECRETS = 1 << 18
"""ClientHellos whose secrets are remembered, the latest that were told."""

MAX_PRIVATE_KEYS = 64
MAX_LEARNED = 1 << 16
"""Calls and flows of which master keys of SRTP are remembered, the latest."""

MAX_KEYS_OF_ONE = 64
"""Master keys of SRTP that are remembered of one call or one flow."""

MASTER, PREMASTER = "CLIENT_RANDOM", "PMS_CLIENT_RANDOM"
SESSION, ENCRYPTED_PREMASTER = "RSA Session-ID", "RSA"
"""Labels of older logs: their secret is known by the identifier of a session, or by the encrypted premaster secret."""

TRAFFIC, EXPORTER = ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"), "EXPORTER_SECRET"
"""Labels of version 1.3: the secrets of what both sides send, and that of keys for others."""

_LINE = re.compile(rb"^[ \t]*([A-Z][A-Z0-9_]{2,63}) ([0-9a-fA-F]{2,512}) ([0-9a-fA-F]{2,512})[ \t]*\r?$", re.M)
_SESSION = re.compile(rb"^RSA Session-ID:([0-9a-fA-F]{2,64}) Master-Key:([0-9a-fA-F]{96})[ \t]*\r?$", re.M)
_PRIVATE_KEY = b"PRIVATE KEY-----"
_DER = re.compile(rb"\x30\x82..\x02\x01\x00", re.S)

NONE: Mapping[str, bytes] = {}

Ends = tuple[str, int, str, int]
"""Address and port of who sends and of who receives."""

Name = TypeVar("Name", str, Ends)


class Secrets:
    """All keys together; `changes` counts what was added, `growing` says that more may come while octets are read.

    `sources` counts the keys by the name and the kind of what they came from: `file`, `capture`, or the variable of the
    environment that named a file. `announced` are the master keys of SRTP that the SDP of a call had, by its Call-ID,
    `exported` those that came out of DTLS, by the ends of who sends with them.
    """

    def __init__(self, growing: bool = False) -> None:
        self.changes = 0
        self.growing = growing
        self.private_keys: list[bytes] = []
        self.media_keys: dict[MasterKey, None] = {}
        self.sources: dict[tuple[str, str], int] = {}
        self.announced: dict[str, dict[MasterKey, None]] = {}
        self.exported: dict[Ends, dict[MasterKey, None]] = {}
        self._known: dict[bytes, dict[str, bytes]] = {}

    def __len__(self) -> int:
        """How many ClientHellos, private keys and master keys of SRTP there are."""
        return len(self._known) + len(self.private_keys) + len(self.media_keys)

    def add(self, octets: bytes, name: str = "", origin: str = "file") -> int:
        """Take the content of a file of keys, or a part of whole lines of one; how many keys are in it."""
        found = self._private(octets) if _PRIVATE_KEY in octets or _DER.match(octets) else self._lines(octets)
        if found or (name, origin) not in self.sources:
            self.sources[name, origin] = self.sources.get((name, origin), 0) + found
        return found

    def _lines(self, octets: bytes) -> int:
        """Take the lines of a key log, and master keys of SRTP."""
        found = 0
        for key in srtp_keys.read(octets):
            if len(self.media_keys) < srtp_keys.MAX_MEDIA_KEYS:
                self.media_keys[key] = None
                found += 1
        for label, random, secret in _LINE.findall(octets):
            found += self._keep(label.decode(), random, secret)
        for session, master in _SESSION.findall(octets):
            found += self._keep(SESSION, session, master)
        self.changes += bool(found)
        return found

    def copy(self) -> Secrets:
        """The same keys, to which others may be added."""
        other = Secrets(self.growing)
        other.private_keys, other.sources = [*self.private_keys], {**self.sources}
        other.media_keys = {**self.media_keys}
        other._known = {random: {**secrets} for random, secrets in self._known.items()}
        return other

    def announce(self, call: str, octets: bytes) -> None:
        """Remember the keys of SRTP in a description."""
        if b"inline:" in octets:
            for key in srtp_keys.of_sdp([octets.decode("utf-8", "replace")]):
                _note(self.announced, call, key)

    def export(self, ends: Ends, key: MasterKey) -> None:
        """Remember a key of SRTP that came out of DTLS."""
        _note(self.exported, ends, key)

    def learn(self, other: Secrets) -> None:
        """Know the keys of SRTP that another one was given or that a capture gave it."""
        self.media_keys |= other.media_keys
        self.announced |= other.announced
        self.exported |= other.exported

    def of(self, random: bytes) -> Mapping[str, bytes]:
        """The secrets that are known for a ClientHello (or a session), by their labels."""
        return self._known.get(random, NONE)

    def remember(self, session: bytes, master: bytes) -> None:
        """Know the master secret of a session by its identifier or its ticket, for those who resume it."""
        self._known.setdefault(session, {})[SESSION] = master
        self._shrink()

    def _private(self, octets: bytes) -> int:
        if len(self.private_keys) >= MAX_PRIVATE_KEYS:
            return 0
        self.private_keys.append(octets)
        self.changes += 1
        return 1

    def _keep(self, label: str, random: bytes, secret: bytes) -> int:
        if len(random) % 2 or len(secret) % 2:
            return 0
        key = bytes.fromhex(random.decode())
        known = self._known.setdefault(key, {})
        known[label] = bytes.fromhex(secret.decode())
        self._shrink()
        return 1

    def _shrink(self) -> None:
        if len(self._known) > MAX_SECRETS:
            del self._known[next(iter(self._known))]


def _note(known: dict[Name, dict[MasterKey, None]], name: Name, key: MasterKey) -> None:
    keys = known.setdefault(name, {})
    if len(keys) < MAX_KEYS_OF_ONE:
        keys[key] = None
    if len(known) > MAX_LEARNED:
        del known[next(iter(known))]
