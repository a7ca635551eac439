"""The suites of SRTP that are opened, by all names that they go by (RFC 4568, 5764, 6188, 7714)."""
from __future__ import annotations

import re
from typing import NamedTuple

CM, GCM = "CM", "GCM"
"""AES in counter mode with HMAC-SHA1 beside it, and AES-GCM."""


class Suite(NamedTuple):
    """A suite: its name in SDP, its mode, and the octets of its key, its salt and its tags in RTP and in RTCP."""

    name: str
    mode: str
    key: int
    salt: int
    tag: int
    rtcp_tag: int

    @property
    def octets(self) -> int:
        """The octets of key and salt together."""
        return self.key + self.salt


SUITES = (
    Suite("AES_CM_128_HMAC_SHA1_80", CM, 16, 14, 10, 10),
    Suite("AES_CM_128_HMAC_SHA1_32", CM, 16, 14, 4, 10),
    Suite("AES_192_CM_HMAC_SHA1_80", CM, 24, 14, 10, 10),
    Suite("AES_192_CM_HMAC_SHA1_32", CM, 24, 14, 4, 10),
    Suite("AES_256_CM_HMAC_SHA1_80", CM, 32, 14, 10, 10),
    Suite("AES_256_CM_HMAC_SHA1_32", CM, 32, 14, 4, 10),
    Suite("AEAD_AES_128_GCM", GCM, 16, 12, 16, 16),
    Suite("AEAD_AES_256_GCM", GCM, 32, 12, 16, 16),
)
PROFILES = {1: SUITES[0], 2: SUITES[1], 7: SUITES[6], 8: SUITES[7]}
"""By the number of the DTLS extension use_srtp."""

_NAME = re.compile(r"(?:SRTP_)?(?:AEAD_)?AES_?(?:(CM)_)?(128|192|256)_(?:(?:CM_)?(?:HMAC_)?SHA1_(32|80)|(GCM)(?:_16)?)")


def named(text: str) -> Suite | None:
    """The suite of a name, as SDP, DTLS and programs write it; None for another."""
    found = _NAME.fullmatch(text.strip().upper().replace("-", "_"))
    if found is None:
        return None
    _, bits, tag, gcm = found.groups()
    mode, octets = GCM if gcm else CM, int(bits) // 8
    return next(
        (each for each in SUITES if each.mode == mode and each.key == octets and (gcm or each.tag * 8 == int(tag))),
        None,
    )


def of_octets(octets: int) -> tuple[Suite, ...]:
    """The suites whose key and salt have so many octets together."""
    return tuple(each for each in SUITES if each.octets == octets)
