"""The two attributes that vouch for a STUN message: MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 section 14)."""
from __future__ import annotations

from zlib import crc32

HEADER = 20
FINGERPRINT_XOR = 0x5354554E


def fingerprint_of(before: bytes) -> bytes:
    """The FINGERPRINT that follows `before`, the message up to it (RFC 8489 section 14.7).

    It is computed as if the length in the header counted the attribute itself and nothing after it.
    """
    length = (len(before) - HEADER + 8).to_bytes(2, "big")
    return (crc32(before[4:], crc32(before[:2] + length)) ^ FINGERPRINT_XOR).to_bytes(4, "big")


def integrity_of(before: bytes, key: bytes) -> bytes:
    """The MESSAGE-INTEGRITY under `key` that follows `before`, the message up to it (RFC 8489 section 14.5).

    It is computed as if the length in the header counted the attribute itself and nothing after it.
    """
    import hmac

    length = (len(before) - HEADER + 24).to_bytes(2, "big")
    return hmac.digest(key, before[:2] + length + before[4:], "sha1")
