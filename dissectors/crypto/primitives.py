"""The one door to the library `cryptography`: ciphers that open, and private keys. Octets in, octets out."""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LACKING = "keys of TLS and SRTP need the package cryptography: pip install 'muxshark[tls]'"


class NoCryptography(Exception):
    """The library is missing: one line for people."""


Open = Callable[[bytes, bytes, bytes], "bytes | None"]
"""Takes a nonce, what is encrypted with its tag, and the data beside it; None where the tag does not fit."""


def available() -> bool:
    """Whether the library is there."""
    try:
        import cryptography  # noqa: F401  (only whether it is there)
    except ModuleNotFoundError:
        return False
    return True


def require() -> None:
    """Raise NoCryptography where the library is missing."""
    if not available():
        raise NoCryptography(LACKING)
    # What a session needs later is here now: it may become a user who has no right to read Python's folders.
    from cryptography.hazmat.primitives.ciphers import aead, algorithms, modes  # noqa: F401  (only to have them)


def sealed(name: str, key: bytes, tag: int) -> Open:
    """What opens AES-GCM, AES-CCM (by its tag's length) or ChaCha20-Poly1305 with a key."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import aead

    ciphers: dict[str, Callable[[], Any]] = {
        "GCM": lambda: aead.AESGCM(key),
        "CCM": lambda: aead.AESCCM(key, tag),
        "CHACHA20": lambda: aead.ChaCha20Poly1305(key),
    }
    decrypt = ciphers[name]().decrypt

    def opened(nonce: bytes, octets: bytes, beside: bytes) -> bytes | None:
        try:
            found: bytes = decrypt(nonce, octets, beside)
        except (InvalidTag, ValueError):
            return None
        return found

    return opened


def chained(name: str, key: bytes, first: bytes, octets: bytes) -> bytes:
    """Whole blocks of AES or 3DES in CBC without their encryption, `first` being the block before them."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if name == "AES":
        cipher = Cipher(algorithms.AES(key), modes.CBC(first))
    else:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

        cipher = Cipher(TripleDES(key), modes.CBC(first))
    decryptor = cipher.decryptor()
    return decryptor.update(octets) + decryptor.finalize()


def counted(key: bytes, first: bytes, octets: bytes) -> bytes:
    """AES in counter mode over octets, `first` being the first block that is counted from; the same both ways."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CTR(first)).encryptor().update(octets)


def mask(name: str, key: bytes, sample: bytes, size: int) -> bytes:
    """What hides the number of a record of DTLS 1.3, by 16 octets of its ciphertext (RFC 9147 section 4.2.3)."""
    if name != "CHACHA20":
        return counted(key, sample, bytes(size))
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

    return Cipher(algorithms.ChaCha20(key, sample), None).encryptor().update(bytes(size))


def decrypted(private_key: bytes, octets: bytes) -> bytes | None:
    """What was encrypted for a private key of RSA (PKCS #1 version 1.5); None where it is none or does not fit."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    key = _loaded(private_key)
    try:
        return None if key is None else key.decrypt(octets, PKCS1v15())
    except ValueError:
        return None


def is_private_key(octets: bytes) -> bool:
    """Whether this is a private key of RSA, PEM or DER, that needs no passphrase."""
    return _loaded(octets) is not None


@lru_cache(64)
def _loaded(private_key: bytes) -> RSAPrivateKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

    load = load_pem_private_key if b"-----BEGIN" in private_key else load_der_private_key
    try:
        key = load(private_key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None
