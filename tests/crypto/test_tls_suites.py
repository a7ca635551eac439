"""A cipher suite is made of what its name says."""

from __future__ import annotations

import pytest

from dissectors.crypto.tls_suites import Suite, suite
from dissectors.wire.tls_names import CIPHER_SUITES

NUMBERS = {name: number for number, name in CIPHER_SUITES.items()}


@pytest.mark.parametrize(
    ("name", "exchange", "mode", "key", "tag", "mac", "prf"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA", "GCM", 16, 16, "", "sha256"),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", "RSA", "GCM", 32, 16, "", "sha384"),
        ("TLS_AES_256_GCM_SHA384", "", "GCM", 32, 16, "", "sha384"),
        ("TLS_CHACHA20_POLY1305_SHA256", "", "CHACHA20", 32, 16, "", "sha256"),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE_ECDSA", "CCM", 16, 8, "", "sha256"),
        ("TLS_AES_128_CCM_8_SHA256", "", "CCM", 16, 8, "", "sha256"),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", "RSA", "AES", 16, 0, "sha1", "sha256"),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE_RSA", "AES", 32, 0, "sha384", "sha384"),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA", "3DES", 24, 0, "sha1", "sha256"),
        ("TLS_RSA_WITH_NULL_SHA256", "RSA", "NULL", 0, 0, "sha256", "sha256"),
    ],
)
def test_a_name_says_what_a_suite_is(
    name: str, exchange: str, mode: str, key: int, tag: int, mac: str, prf: str
) -> None:
    found = suite(NUMBERS[name])
    assert isinstance(found, Suite)
    cipher = found.cipher
    assert (found.exchange, cipher.mode, cipher.key, cipher.tag, found.mac, found.prf) == (
        exchange, mode, key, tag, mac, prf
    )


@pytest.mark.parametrize("number", [0x0005, 0x00FF, 0x1234])
def test_what_cannot_be_opened_is_none(number: int) -> None:
    assert suite(number) is None
