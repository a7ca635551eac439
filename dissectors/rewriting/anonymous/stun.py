"""STUN under other names: addresses, users and texts become others, and it is sealed anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha1, sha256
from hmac import digest as sealed

from dissectors.limits.table import Table
from dissectors.protocols.stun_integrity import fingerprint_of
from dissectors.rewriting.anonymous import texts
from dissectors.rewriting.anonymous.bodies import coded, text_of
from dissectors.rewriting.anonymous.texts import Names

HEADER = 20

ADDRESSES = frozenset((0x0001, 0x0002, 0x0004, 0x0005, 0x000B, 0x8023, 0x802B, 0x802C))
XORED = frozenset((0x0012, 0x0016, 0x0020, 0x8020))
USERNAME, TEXTS = 0x0006, frozenset((0x0006, 0x0014, 0x0015))
AGENT, ERROR, DATA = 0x8022, 0x0009, 0x0013
INTEGRITY, INTEGRITY_256, FINGERPRINT = 0x0008, 0x001C, 0x8028
PLAIN = frozenset((
    0x0003, 0x000A, 0x000C, 0x000D, 0x0017, 0x0018, 0x0019, 0x001A, 0x001D, 0x0024, 0x0025, 0x0026, 0x0027, 0x8000,
    0x8001, 0x8002, 0x8027, 0x8029, 0x802A, 0x8030, 0xC057,
))
"""Attributes of STUN that are numbers and flags of the protocol."""

MAX_PASSWORDS, MAX_TRANSACTIONS = 65_536, 4096
"""What is remembered of ICE: passwords by user name, and of requests which one sealed them."""


class Passwords(dict[str, str]):
    """Those of ICE by user name, as SDP tells them."""

    def learn(self, ufrag: str, password: str) -> None:
        """Remember one, while there is room."""
        if len(self) < MAX_PASSWORDS:
            self[ufrag] = password


class Stun:
    """Attribute by attribute, sealed with the `passwords`; `inner` says what becomes of data that TURN carries.

    A function raises `ValueError` or `OverflowError` for what is no message.
    """

    def __init__(self, names: Names, passwords: Passwords, inner: Callable[[bytes, int], bytes | None]) -> None:
        self._names, self._pseudonyms, self._passwords, self._inner = names, names.pseudonyms, passwords, inner
        self._asked: Table[bytes, str] = Table("", MAX_TRANSACTIONS)

    def write(self, payload: bytes, depth: int) -> bytes | None:
        """STUN, attribute by attribute, sealed anew; an attribute that does not fit keeps its header alone."""
        size = HEADER + int.from_bytes(payload[2:4], "big")
        if len(payload) < HEADER:
            return None
        out = bytearray(payload[:HEADER])
        user, read = b"", HEADER
        for kind, value, end in _attributes(payload):
            new = self.attribute(kind, value, payload[4:HEADER], out, user, depth)
            if new is None:
                return None
            user = new if kind == USERNAME else user
            out += kind.to_bytes(2, "big") + len(new).to_bytes(2, "big") + new + bytes(-len(new) % 4)
            read = end
        out += payload[read : read + 4] + self._pseudonyms.octets("attribute", payload, max(0, len(payload) - read - 4))
        out[2:4] = (size + len(out) - len(payload) - HEADER & 0xFFFF).to_bytes(2, "big")
        return bytes(out)

    @property
    def kept_attributes(self) -> frozenset[int]:
        """Attributes of STUN that stay as they are."""
        return PLAIN if self._names.agents else PLAIN | {AGENT}

    def attribute(
        self, kind: int, value: bytes, header: bytes, out: bytes | bytearray, user: bytes, depth: int
    ) -> bytes | None:
        """An attribute behind `out`: cookie and transaction are `header`, `user` is the name before it."""
        if kind in ADDRESSES or kind in XORED:
            return self._address(value, header, kind in XORED)
        if kind in TEXTS:
            return coded(texts.opaque(text_of(value), self._names))
        if kind in self.kept_attributes:
            return value
        if kind == AGENT:
            return coded(texts.opaque(text_of(value), self._names))
        if kind == ERROR:
            return value[:4] + coded(texts.loose(text_of(value[4:]), self._names))
        if kind == DATA:
            return self._inner(value, depth)
        if kind in (INTEGRITY, INTEGRITY_256):
            return self._seal(kind, value, header, out, user)
        if kind == FINGERPRINT:
            return fingerprint_of(bytes(out))
        return self._pseudonyms.octets("attribute", value, len(value))

    def _address(self, value: bytes, header: bytes, xored: bool) -> bytes:
        if len(value) not in (8, 20):
            return self._pseudonyms.octets("attribute", value, len(value))
        mask = header[: len(value) - 4] if xored else bytes(len(value) - 4)
        plain = bytes(one ^ two for one, two in zip(value[4:], mask, strict=True))
        moved = self._pseudonyms.address(plain)
        hidden = int.from_bytes(header[:2], "big") if xored else 0
        port = self._pseudonyms.port(int.from_bytes(value[2:4], "big") ^ hidden) ^ hidden
        return value[:2] + port.to_bytes(2, "big") + bytes(one ^ two for one, two in zip(moved, mask, strict=True))

    def _seal(self, kind: int, value: bytes, header: bytes, out: bytes | bytearray, user: bytes) -> bytes:
        """A seal with the password of the side that is asked, where SDP told it; else octets that fit nothing.

        A response has no name: its transaction is that of the request (RFC 8445 section 7.3).
        """
        password = self._passwords.get(text_of(user.partition(b":")[0])) if user else self._asked.use(header)
        if user and password is not None:
            self._asked[header] = password
        if password is None:
            return self._pseudonyms.octets("seal", value, len(value))
        covered = _as_long_as(out, 4 + len(value))
        function = sha1 if kind == INTEGRITY else sha256
        return sealed(password.encode(), covered, function)[: len(value)]


def _attributes(payload: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The type and value of each attribute that fits, and where it ends."""
    at = HEADER
    while at + 4 <= len(payload):
        kind, size = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 4], "big")
        # The last one may lack what fills it up.
        end = min(len(payload), at + 4 + size + -size % 4)
        if at + 4 + size > len(payload):
            return
        yield kind, payload[at + 4 : at + 4 + size], end
        at = end


def _as_long_as(out: bytes | bytearray, more: int) -> bytes:
    """The message so far, with the length that it has with a seal behind it (RFC 8489 section 14.5)."""
    return bytes(out[:2]) + (len(out) - HEADER + more).to_bytes(2, "big") + bytes(out[4:])
