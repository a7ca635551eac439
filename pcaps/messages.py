"""Octets of the protocols that share the port, straight from the RFCs' figures.

Nothing here knows the package: what it makes is a witness against the package's own reading.
"""
from __future__ import annotations

import hashlib
import hmac
import socket
import struct
import zlib

from pcaps.writer import Endpoint

MAGIC_COOKIE = 0x2112A442
FINGERPRINT_MASK = 0x5354554E


def sip(start_line: str, headers: list[str], body: bytes = b"", end: bytes = b"") -> bytes:
    """A SIP message (RFC 3261 section 7); `end` is what a sloppy sender leaves behind the body."""
    return ("\r\n".join([start_line, *headers]) + "\r\n\r\n").encode() + body + end


def stun(kind: int, transaction: bytes, *attributes: bytes) -> bytes:
    """A STUN message (RFC 8489 section 5)."""
    content = b"".join(attributes)
    return struct.pack(">HHI", kind, len(content), MAGIC_COOKIE) + transaction + content


def attribute(kind: int, value: bytes) -> bytes:
    """A STUN attribute with its padding (RFC 8489 section 14)."""
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_address(kind: int, endpoint: Endpoint) -> bytes:
    """XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS or XOR-RELAYED-ADDRESS of an IPv4 endpoint (RFC 8489 section 14.2)."""
    address = int.from_bytes(socket.inet_aton(endpoint.address), "big") ^ MAGIC_COOKIE
    return attribute(kind, struct.pack(">BBHI", 0, 1, endpoint.port ^ MAGIC_COOKIE >> 16, address))


def protected(message: bytes, password: bytes) -> bytes:
    """The message with MESSAGE-INTEGRITY and FINGERPRINT at its end (RFC 8489 sections 14.5 and 14.7)."""
    longer = lengthened(message, 24)
    longer += attribute(0x0008, hmac.new(password, longer, hashlib.sha1).digest())
    whole = lengthened(longer, 8)
    return whole + attribute(0x8028, struct.pack(">I", zlib.crc32(whole) ^ FINGERPRINT_MASK))


def lengthened(message: bytes, octets: int) -> bytes:
    """The message with a length that counts `octets` more than it holds yet."""
    return message[:2] + struct.pack(">H", len(message) - 20 + octets) + message[4:]


def rtp(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    extension: bytes = b"",
) -> bytes:
    """An RTP packet (RFC 3550 section 5.1), with a header extension that is already whole."""
    first = 0x90 if extension else 0x80
    second = payload_type | marker << 7
    return struct.pack(">BBHII", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + extension + payload


def one_byte_extension(elements: dict[int, bytes]) -> bytes:
    """A header extension of the one-byte kind (RFC 8285 section 4.2)."""
    content = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in elements.items())
    content += bytes(-len(content) % 4)
    return struct.pack(">HH", 0xBEDE, len(content) // 4) + content


def rtcp(packet_type: int, count: int, content: bytes) -> bytes:
    """An RTCP packet whose content is a whole number of words (RFC 3550 section 6.4)."""
    return struct.pack(">BBH", 0x80 | count, packet_type, len(content) // 4) + content


def source_description(ssrc: int, canonical_name: str) -> bytes:
    """SDES with one chunk and its CNAME (RFC 3550 section 6.5)."""
    name = canonical_name.encode()
    chunk = struct.pack(">IBB", ssrc, 1, len(name)) + name + b"\0"
    return rtcp(202, 1, chunk + bytes(-len(chunk) % 4))


def channel_data(channel: int, data: bytes) -> bytes:
    """TURN ChannelData, over UDP without padding (RFC 8656 section 12.4)."""
    return struct.pack(">HH", channel, len(data)) + data


def dtls(content_type: int, epoch: int, number: int, content: bytes, version: int = 0xFEFD) -> bytes:
    """A DTLS record (RFC 6347 section 4.1)."""
    return struct.pack(">BHHIHH", content_type, version, epoch, number >> 16, number & 0xFFFF, len(content)) + content


def handshake(kind: int, sequence: int, body: bytes) -> bytes:
    """A DTLS handshake message in one fragment (RFC 6347 section 4.2.2)."""
    size = len(body).to_bytes(3, "big")
    return bytes([kind]) + size + struct.pack(">H", sequence) + bytes(3) + size + body


def vector(size: int, content: bytes) -> bytes:
    """A variable-length vector behind its length of `size` octets (RFC 8446 section 3.4)."""
    return len(content).to_bytes(size, "big") + content


def hello_extension(kind: int, content: bytes) -> bytes:
    """One extension of a ClientHello or ServerHello (RFC 8446 section 4.2)."""
    return struct.pack(">H", kind) + vector(2, content)


def zrtp(sequence: int, ssrc: int, kind: str, body: bytes) -> bytes:
    """A ZRTP packet with one message (RFC 6189 sections 5 and 5.1)."""
    message = struct.pack(">HH8s", 0x505A, (12 + len(body)) // 4, kind.encode().ljust(8)) + body
    packet = struct.pack(">HHII", 0x1000, sequence, 0x5A525450, ssrc) + message
    return packet + struct.pack("<I", crc32c(packet))


def crc32c(octets: bytes) -> int:
    """The CRC of RFC 9260 appendix A, which RFC 6189 takes over."""
    register = 0xFFFFFFFF
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def quic_initial(destination: bytes, source: bytes, protected_octets: bytes) -> bytes:
    """A QUIC Initial packet of version 1 without a token (RFC 9000 section 17.2.2)."""
    head = struct.pack(">BI", 0xC3, 1) + vector(1, destination) + vector(1, source) + b"\x00"
    return head + struct.pack(">H", 0x4000 | len(protected_octets)) + protected_octets
