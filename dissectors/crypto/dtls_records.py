"""Records of DTLS 1.3 without their protection (RFC 9147 section 4.2): the number is hidden, and in part left out."""

from __future__ import annotations

from dissectors.crypto import primitives
from dissectors.crypto.tls_records import Inner
from dissectors.crypto.tls_schedule import DTLS, expand_label, next_secret, traffic_keys
from dissectors.crypto.tls_suites import Suite

SAMPLE, LONG_NUMBER, HAS_IDENTIFIER = 16, 0x08, 0x10
"""Octets of the ciphertext that hide the number; bits of the header: two octets of number, a connection identifier."""

FIRST_EPOCH, EPOCHS = 3, 4
"""The epoch of the first traffic secret of data, and how many of them two bits tell apart."""


class Direction:
    """What one side sends in one epoch."""

    __slots__ = ("_decrypt", "_expected", "_fixed", "_hiding", "_mode")

    def __init__(self, suite: Suite, secret: bytes) -> None:
        key, self._fixed = traffic_keys(suite, secret, DTLS)
        self._hiding = expand_label(suite.prf, secret, b"sn", suite.cipher.key, of=DTLS)
        self._mode = suite.cipher.mode
        self._decrypt = primitives.sealed(self._mode, key, suite.cipher.tag)
        self._expected = 0

    def open(self, header: bytes, fragment: bytes) -> Inner | None:
        """What is in a record, None where it does not open."""
        if len(fragment) < SAMPLE or not header or header[0] & HAS_IDENTIFIER:
            return None
        size = 2 if header[0] & LONG_NUMBER else 1
        hidden = primitives.mask(self._mode, self._hiding, fragment[:SAMPLE], size)
        number = int.from_bytes(header[1 : 1 + size], "big") ^ int.from_bytes(hidden, "big")
        sequence = self._nearest(number, 8 * size)
        beside = header[:1] + number.to_bytes(size, "big") + header[1 + size :]
        nonce = (int.from_bytes(self._fixed, "big") ^ sequence).to_bytes(len(self._fixed), "big")
        inner = self._decrypt(nonce, fragment, beside)
        content = inner.rstrip(b"\0") if inner is not None else b""
        if not content:
            return None
        self._expected = max(self._expected, sequence + 1)
        return content[-1], content[:-1]

    def _nearest(self, number: int, bits: int) -> int:
        """The whole number of which these are the last bits, nearest to the one that is expected."""
        around = 1 << bits
        sequence = self._expected & -around | number
        if sequence > self._expected + around // 2 and sequence >= around:
            return sequence - around
        return sequence + around if sequence + around // 2 < self._expected else sequence


class Sent:
    """What one side sends, with the secret of its data; each update of keys begins an epoch."""

    __slots__ = ("_epochs", "_secret", "_suite")

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self._suite, self._secret = suite, secret
        self._epochs: dict[int, Direction] = {}

    def open(self, header: bytes, fragment: bytes) -> Inner | None:
        """What is in a record, None where it does not open."""
        if not header:
            return None
        updates = (header[0] - FIRST_EPOCH) % EPOCHS
        way = self._epochs.get(updates)
        if way is None:
            secret = self._secret
            for _ in range(updates):
                secret = next_secret(self._suite, secret, DTLS)
            way = self._epochs[updates] = Direction(self._suite, secret)
        return way.open(header, fragment)
