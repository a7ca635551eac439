"""The names behind the numbers of DTLS, from the registries of TLS (RFC 8447)."""
from __future__ import annotations

VERSIONS: dict[int, str] = {0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2", 0xFEFC: "DTLS 1.3", 0x0100: "DTLS of old OpenSSL"}

CONTENT_TYPES: dict[int, str] = {
    20: "ChangeCipherSpec",
    21: "Alert",
    22: "Handshake",
    23: "ApplicationData",
    24: "Heartbeat",
    25: "record with connection identifier",
    26: "ACK",
}

HANDSHAKE_TYPES: dict[int, str] = {
    0: "HelloRequest",
    1: "ClientHello",
    2: "ServerHello",
    3: "HelloVerifyRequest",
    4: "NewSessionTicket",
    5: "EndOfEarlyData",
    8: "EncryptedExtensions",
    9: "RequestConnectionId",
    10: "NewConnectionId",
    11: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
    21: "CertificateURL",
    22: "CertificateStatus",
    23: "SupplementalData",
    24: "KeyUpdate",
    25: "CompressedCertificate",
}

SRTP_PROFILES: dict[int, str] = {
    0x0001: "SRTP_AES128_CM_HMAC_SHA1_80",
    0x0002: "SRTP_AES128_CM_HMAC_SHA1_32",
    0x0005: "SRTP_NULL_HMAC_SHA1_80",
    0x0006: "SRTP_NULL_HMAC_SHA1_32",
    0x0007: "SRTP_AEAD_AES_128_GCM",
    0x0008: "SRTP_AEAD_AES_256_GCM",
    0x0009: "DOUBLE_AEAD_AES_128_GCM_AEAD_AES_128_GCM",
    0x000A: "DOUBLE_AEAD_AES_256_GCM_AEAD_AES_256_GCM",
    0x000B: "SRTP_ARIA_128_CTR_HMAC_SHA1_80",
    0x000C: "SRTP_ARIA_128_CTR_HMAC_SHA1_32",
    0x000D: "SRTP_ARIA_256_CTR_HMAC_SHA1_80",
    0x000E: "SRTP_ARIA_256_CTR_HMAC_SHA1_32",
    0x000F: "SRTP_AEAD_ARIA_128_GCM",
    0x0010: "SRTP_AEAD_ARIA_256_GCM",
}


def version_name(version: int) -> str:
    """The name of a protocol version, or its number."""
    return VERSIONS.get(version, f"version 0x{version:04X}")


def srtp_profile_name(number: int) -> str:
    """The name of an SRTP protection profile, or its number."""
    return SRTP_PROFILES.get(number, f"0x{number:04X}")
