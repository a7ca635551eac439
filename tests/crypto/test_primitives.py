"""The one door to the library: what does not fit is None, what is missing is said."""

from __future__ import annotations

import sys

import pytest

from dissectors.crypto import primitives
from tests.secured import identity


@pytest.mark.parametrize(("name", "key"), [("GCM", bytes(16)), ("CCM", bytes(16)), ("CHACHA20", bytes(32))])
def test_what_is_not_authentic_does_not_open(name: str, key: bytes) -> None:
    opened = primitives.sealed(name, key, 16)
    assert opened(bytes(12), bytes(40), b"") is None
    assert opened(bytes(12), b"", b"") is None


def test_a_private_key_of_rsa_is_one() -> None:
    key = identity("rsa")[1].read_bytes()
    assert primitives.is_private_key(key)
    assert not primitives.is_private_key(identity("ec")[1].read_bytes())
    assert not primitives.is_private_key(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert primitives.decrypted(key, b"too short") is None


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert not primitives.available()
    with pytest.raises(primitives.NoCryptography, match="pip install"):
        primitives.require()
