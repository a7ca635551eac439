"""RTP and RTCP under SRTP, as a sender makes them: for what reads them."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dissectors.crypto.srtp import derive, header_octets
from dissectors.crypto.srtp_keys import MasterKey
from dissectors.crypto.srtp_suites import GCM, named


def master(suite: str = "AES_CM_128_HMAC_SHA1_80", first: int = 1, mki: bytes = b"") -> MasterKey:
    """A master key of a suite; `first` makes it another one."""
    found = named(suite)
    assert found is not None
    octets = bytes((first + number) % 256 for number in range(found.octets))
    return MasterKey(found, octets[: found.key], octets[found.key :], mki)


def inline(key: MasterKey) -> str:
    """The key as SDP writes it."""
    import base64

    return f"{key.suite.name} inline:{base64.b64encode(key.key + key.salt).decode()}"


def rtp(sequence: int, ssrc: int = 0xCAFE, payload: bytes = b"media", timestamp: int = 0) -> bytes:
    """A datagram of RTP."""
    head = b"\x80\x00" + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    return head + ssrc.to_bytes(4, "big") + payload


def protect(key: MasterKey, octets: bytes, rollover: int = 0) -> bytes:
    """A datagram of RTP under SRTP."""
    ssrc, sequence, begin = int.from_bytes(octets[8:12], "big"), int.from_bytes(octets[2:4], "big"), 0
    begin = header_octets(octets) or 0
    index, suite = rollover << 16 | sequence, key.suite
    cipher, salt = derive(key, 0, suite.key), int.from_bytes(derive(key, 2, suite.salt), "big")
    if suite.mode == GCM:
        nonce = (ssrc << 48 ^ index ^ salt).to_bytes(12, "big")
        return octets[:begin] + AESGCM(cipher).encrypt(nonce, octets[begin:], octets[:begin]) + key.mki
    body = octets[begin:] if key.clear else _counted(cipher, salt << 16 ^ ssrc << 64 ^ index << 16, octets[begin:])
    sent = octets[:begin] + body
    return sent + key.mki + hmac.digest(derive(key, 1, 20), sent + rollover.to_bytes(4, "big"), "sha1")[: suite.tag]


def protect_rtcp(key: MasterKey, octets: bytes, index: int = 1, encrypted: bool = True) -> bytes:
    """A datagram of RTCP under SRTCP."""
    ssrc, suite = int.from_bytes(octets[4:8], "big"), key.suite
    cipher, salt = derive(key, 3, suite.key), int.from_bytes(derive(key, 5, suite.salt), "big")
    word = (encrypted << 31 | index).to_bytes(4, "big")
    if suite.mode == GCM:
        nonce = (ssrc << 48 ^ index ^ salt).to_bytes(12, "big")
        if not encrypted:
            return octets + AESGCM(cipher).encrypt(nonce, b"", octets + word) + word + key.mki
        return octets[:8] + AESGCM(cipher).encrypt(nonce, octets[8:], octets[:8] + word) + word + key.mki
    body = _counted(cipher, salt << 16 ^ ssrc << 64 ^ index << 16, octets[8:]) if encrypted else octets[8:]
    sent = octets[:8] + body + word
    return sent + key.mki + hmac.digest(derive(key, 4, 20), sent, "sha1")[: suite.rtcp_tag]


def _counted(cipher: bytes, first: int, octets: bytes) -> bytes:
    return Cipher(algorithms.AES(cipher), modes.CTR(first.to_bytes(16, "big"))).encryptor().update(octets)
