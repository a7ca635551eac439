"""Records of DTLS 1.3 open with their hidden numbers, in any order, and with the right key alone."""

from __future__ import annotations

import pytest

from dissectors.crypto.dtls_records import LONG_NUMBER, SAMPLE, Direction, Sent
from dissectors.crypto.primitives import mask
from dissectors.crypto.tls_schedule import DTLS, expand_label, next_secret, traffic_keys
from dissectors.crypto.tls_suites import Suite, suite
from dissectors.wire.tls import APPLICATION_DATA

SECRET = bytes(range(32))
SUITES = {"AES-GCM": 0x1301, "ChaCha20": 0x1303, "AES-CCM": 0x1304}
LENGTH = 0x04


def parts(name: str) -> Suite:
    found = suite(SUITES[name])
    assert found is not None
    return found


def sealed(
    number: int, content: bytes, name: str = "AES-GCM", secret: bytes = SECRET, first: int = 0x2F
) -> tuple[bytes, bytes]:
    """The header and the ciphertext of a record with its number, as RFC 9147 section 4.2 makes it."""
    from cryptography.hazmat.primitives.ciphers import aead

    of = parts(name)
    key, fixed = traffic_keys(of, secret, DTLS)
    cipher = {"GCM": aead.AESGCM, "CCM": aead.AESCCM, "CHACHA20": aead.ChaCha20Poly1305}[of.cipher.mode](key)
    size = 2 if first & LONG_NUMBER else 1
    shown = (number % (1 << 8 * size)).to_bytes(size, "big")
    inner = content + bytes((APPLICATION_DATA,)) + bytes(3)
    length = (len(inner) + of.cipher.tag).to_bytes(2, "big") if first & LENGTH else b""
    nonce = (int.from_bytes(fixed, "big") ^ number).to_bytes(12, "big")
    octets = cipher.encrypt(nonce, inner, bytes((first,)) + shown + length)
    hiding = expand_label(of.prf, secret, b"sn", of.cipher.key, of=DTLS)
    hidden = mask(of.cipher.mode, hiding, octets[:SAMPLE], size)
    return bytes((first,)) + bytes(a ^ b for a, b in zip(shown, hidden, strict=True)) + length, octets


@pytest.mark.parametrize("first", [0x23, 0x27, 0x2B, 0x2F])
@pytest.mark.parametrize("name", SUITES)
def test_records_open_with_every_suite_and_form_of_header(name: str, first: int) -> None:
    way = Direction(parts(name), SECRET)
    for number in range(3):
        assert way.open(*sealed(number, b"%d" % number, name, first=first)) == (APPLICATION_DATA, b"%d" % number)


@pytest.mark.parametrize("first", [0x23, 0x2B])
def test_numbers_go_on_past_what_a_header_holds_in_any_order(first: int) -> None:
    around = 1 << (16 if first & LONG_NUMBER else 8)
    way = Direction(parts("AES-GCM"), SECRET)
    for number in (around // 2 - 2, around - 2, around + 1, around, around - 1, around + around // 2, 2 * around - 1):
        assert way.open(*sealed(number, b"a", first=first)) == (APPLICATION_DATA, b"a"), number


def test_what_does_not_fit_does_not_open() -> None:
    header, octets = sealed(0, b"hello")
    way = Direction(parts("AES-GCM"), SECRET)
    assert way.open(header, octets[:-1] + bytes((octets[-1] ^ 1,))) is None
    assert way.open(b"", octets) is None and way.open(header, octets[:15]) is None
    assert way.open(bytes((header[0] | 0x10,)) + header[1:], octets) is None
    assert Direction(parts("AES-GCM"), bytes(32)).open(header, octets) is None
    assert way.open(header, octets) == (APPLICATION_DATA, b"hello")
    assert Sent(parts("AES-GCM"), SECRET).open(b"", octets) is None


def test_each_update_of_keys_begins_an_epoch() -> None:
    sent, secret = Sent(parts("AES-GCM"), SECRET), SECRET
    for first in (0x2F, 0x2C, 0x2D):
        assert sent.open(*sealed(0, b"a", secret=secret, first=first)) == (APPLICATION_DATA, b"a")
        secret = next_secret(parts("AES-GCM"), secret, DTLS)
    assert sent.open(*sealed(0, b"a", secret=secret, first=0x2F)) is None
