"""Stories of keys that offer and answer agree on, and of such as they do not."""

from __future__ import annotations

from base64 import b64encode

from tests.finding_cases.plain import Case, answered
from tests.stories import A, B, description

AES, AES_32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"


def crypto(tag: int, suite: str = AES, octets: int = 30) -> str:
    """An a=crypto line whose key and salt have so many octets."""
    return f"a=crypto:{tag} {suite} inline:{b64encode(bytes(octets)).decode()}|2^20|1:4"


def offered(*lines: str, profile: str = "RTP/SAVP 0") -> bytes:
    """What the caller describes."""
    return description(*A, *lines, media=profile)


def taken(*lines: str, profile: str = "RTP/SAVP 0") -> bytes:
    """What the callee describes."""
    return description(*B, *lines, media=profile)


CASES: dict[str, Case] = {
    "crypto-mismatch": (
        answered(offered(crypto(1), crypto(2, AES_32)), taken(crypto(2))),
        answered(offered(crypto(1), crypto(2, AES_32)), taken(crypto(2, AES_32))),
    ),
}
