"""What a cipher suite of TLS is made of, by its name."""
from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from dissectors.wire.tls_names import CIPHER_SUITES

MAC_OCTETS = {"SHA": 20, "SHA256": 32, "SHA384": 48, "MD5": 16}
HASHES = {"SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384", "MD5": "md5"}


class Cipher(NamedTuple):
    """A cipher: its mode, its key's octets, those of the nonce that stay, and of the tag; `block` for CBC alone."""

    mode: str
    key: int
    fixed: int
    tag: int
    block: int = 0


class Suite(NamedTuple):
    """A cipher suite; `mac` and `prf` are names of hash functions, `mac` empty where the cipher needs none."""

    exchange: str
    cipher: Cipher
    mac: str
    mac_octets: int
    prf: str


CIPHERS = {
    "AES_128_GCM": Cipher("GCM", 16, 4, 16),
    "AES_256_GCM": Cipher("GCM", 32, 4, 16),
    "AES_128_CCM": Cipher("CCM", 16, 4, 16),
    "AES_256_CCM": Cipher("CCM", 32, 4, 16),
    "AES_128_CCM_8": Cipher("CCM", 16, 4, 8),
    "AES_256_CCM_8": Cipher("CCM", 32, 4, 8),
    "CHACHA20_POLY1305": Cipher("CHACHA20", 32, 12, 16),
    "AES_128_CBC": Cipher("AES", 16, 0, 0, 16),
    "AES_256_CBC": Cipher("AES", 32, 0, 0, 16),
    "3DES_EDE_CBC": Cipher("3DES", 24, 0, 0, 8),
    "NULL": Cipher("NULL", 0, 0, 0),
}

_NAME = re.compile(
    r"TLS_(?:(\w+?)_WITH_)?(" + "|".join(sorted(CIPHERS, key=len, reverse=True)) + r")(?:_(SHA|SHA256|SHA384|MD5))?"
)


@lru_cache(64)
def suite(number: int) -> Suite | None:
    """The parts of a cipher suite; None for one that cannot be opened here."""
    found = _NAME.fullmatch(CIPHER_SUITES.get(number, ""))
    if found is None:
        return None
    exchange, name, digest = found.groups()
    cipher, hashed = CIPHERS[name], digest or "SHA256"
    tagged = cipher.tag > 0
    prf = "sha384" if hashed == "SHA384" else "sha256"
    return Suite(
        exchange or "", cipher, "" if tagged else HASHES[hashed], 0 if tagged else MAC_OCTETS[hashed], prf,
    )
