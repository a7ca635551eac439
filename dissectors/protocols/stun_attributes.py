"""STUN attributes: their names and how each value is read and written (RFC 8489 section 14, RFC 8445, RFC 8656).

The registry is a table from type to `Kind`; a kind is a reader and a writer of values. A value that does not fit its
kind is not an error of the message: it stays octets, and the message lists it among its deviations.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.wire.addresses import written_address
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import NamedTuple, Struct

COOKIE = b"\x21\x12\xa4\x42"


class Address(NamedTuple):
    """A transport address: `host` is an IPv4 or IPv6 address in text."""

    host: str
    port: int

    def __str__(self) -> str:
        return endpoint(*self)


class ErrorCode(Struct, frozen=True):
    """ERROR-CODE (RFC 8489 section 14.8): `code` is 300 to 699 where the sender keeps to the RFC."""

    code: int
    reason: str

    def __str__(self) -> str:
        return f"{self.code} {self.reason!r}" if self.reason else str(self.code)


class ChangeRequest(Struct, frozen=True):
    """CHANGE-REQUEST (RFC 5780 section 7.2): which of its addresses the server is asked to answer from."""

    change_ip: bool
    change_port: bool


Value = Address | ErrorCode | ChangeRequest | str | int | bool | tuple[int, ...] | bytes
"""The meaning of an attribute's octets."""


class Kind(Struct, frozen=True):
    """The reader and the writer for values of some attributes.

    Both functions also get the 16 octets that addresses are XORed with: the cookie and the transaction identifier.
    `read` returns None when the octets do not fit.
    """

    read: Callable[[bytes, bytes], Value | None]
    write: Callable[[Any, bytes], bytes]


def xor(raw: bytes, key: bytes) -> bytes:
    """`raw` XORed with as many octets of `key`."""
    size = min(len(raw), len(key))
    return (int.from_bytes(raw[:size], "big") ^ int.from_bytes(key[:size], "big")).to_bytes(size, "big")


SIZES = {1: 8, 2: 20}
"""By address family: how many octets an address has with its family and port."""


def read_address(value: bytes, key: bytes) -> Address | None:
    """MAPPED-ADDRESS and its like (RFC 8489 section 14.1)."""
    if len(value) < 4 or SIZES.get(value[1]) != len(value):
        return None
    return Address(written_address(value[4:]), int.from_bytes(value[2:4], "big"))


def write_address(address: Address, key: bytes) -> bytes:
    """The octets that `read_address` reads."""
    from ipaddress import ip_address

    host = ip_address(address.host)
    return bytes((0, 1 if host.version == 4 else 2)) + address.port.to_bytes(2, "big") + host.packed


def read_xor_address(value: bytes, key: bytes) -> Address | None:
    """XOR-MAPPED-ADDRESS and its like (RFC 8489 section 14.2)."""
    return read_address(value[:2] + xor(value[2:4], key) + xor(value[4:], key), key)


def write_xor_address(address: Address, key: bytes) -> bytes:
    """The octets that `read_xor_address` reads."""
    plain = write_address(address, key)
    return plain[:2] + xor(plain[2:4], key) + xor(plain[4:], key)


def read_text(value: bytes, key: bytes) -> str:
    """UTF-8; octets that are not are shown as escapes. Trailing NULs, which some senders count, are dropped."""
    return value.rstrip(b"\0").decode("utf-8", "backslashreplace")


def read_error(value: bytes, key: bytes) -> ErrorCode | None:
    """ERROR-CODE: hundreds in three bits of the third octet, the rest in the fourth, then the reason phrase."""
    if len(value) < 4:
        return None
    return ErrorCode((value[2] & 0x07) * 100 + value[3], read_text(value[4:], key))


def write_error(error: ErrorCode, key: bytes) -> bytes:
    """The octets that `read_error` reads."""
    return bytes((0, 0, error.code // 100, error.code % 100)) + error.reason.encode()


def read_change_request(value: bytes, key: bytes) -> ChangeRequest | None:
    """CHANGE-REQUEST: two flags in 32 bits."""
    return ChangeRequest(bool(value[3] & 4), bool(value[3] & 2)) if len(value) == 4 else None


def write_change_request(change: ChangeRequest, key: bytes) -> bytes:
    """The octets that `read_change_request` reads."""
    return bytes((0, 0, 0, change.change_ip << 2 | change.change_port << 1))


def read_types(value: bytes, key: bytes) -> tuple[int, ...] | None:
    """UNKNOWN-ATTRIBUTES: attribute types of 16 bits each."""
    if len(value) % 2:
        return None
    return tuple(int.from_bytes(value[at:at + 2], "big") for at in range(0, len(value), 2))


def number(octets: int, reserved: int = 0) -> Kind:
    """A number of `octets` octets before `reserved` octets that carry nothing."""
    def read(value: bytes, key: bytes) -> int | None:
        return int.from_bytes(value[:octets], "big") if len(value) == octets + reserved else None

    return Kind(read, lambda given, key: int(given).to_bytes(octets, "big") + bytes(reserved))


def exactly(*sizes: int) -> Kind:
    """Octets whose count is one of `sizes`."""
    return Kind(lambda value, key: value if len(value) in sizes else None, lambda given, key: bytes(given))


PLAIN = Kind(read_address, write_address)
XORED = Kind(read_xor_address, write_xor_address)
TEXT = Kind(read_text, lambda text, key: str(text).encode())
FLAG = Kind(lambda value, key: True if not value else None, lambda given, key: b"")
OPAQUE = Kind(lambda value, key: value, lambda given, key: bytes(given))
ERROR = Kind(read_error, write_error)
CHANGE = Kind(read_change_request, write_change_request)
TYPES = Kind(read_types, lambda types, key: b"".join(int(each).to_bytes(2, "big") for each in types))
U32 = number(4)
U64 = number(8)

ATTRIBUTES: dict[int, tuple[str, Kind]] = {
    0x0001: ("MAPPED-ADDRESS", PLAIN),
    0x0002: ("RESPONSE-ADDRESS", PLAIN),
    0x0003: ("CHANGE-REQUEST", CHANGE),
    0x0004: ("SOURCE-ADDRESS", PLAIN),
    0x0005: ("CHANGED-ADDRESS", PLAIN),
    0x0006: ("USERNAME", TEXT),
    0x0007: ("PASSWORD", OPAQUE),
    0x0008: ("MESSAGE-INTEGRITY", exactly(20)),
    0x0009: ("ERROR-CODE", ERROR),
    0x000A: ("UNKNOWN-ATTRIBUTES", TYPES),
    0x000B: ("REFLECTED-FROM", PLAIN),
    0x000C: ("CHANNEL-NUMBER", number(2, 2)),
    0x000D: ("LIFETIME", U32),
    0x000F: ("MAGIC-COOKIE", exactly(4)),
    0x0010: ("BANDWIDTH", U32),
    0x0011: ("DESTINATION-ADDRESS", PLAIN),
    0x0012: ("XOR-PEER-ADDRESS", XORED),
    0x0013: ("DATA", OPAQUE),
    0x0014: ("REALM", TEXT),
    0x0015: ("NONCE", TEXT),
    0x0016: ("XOR-RELAYED-ADDRESS", XORED),
    0x0017: ("REQUESTED-ADDRESS-FAMILY", number(1, 3)),
    0x0018: ("EVEN-PORT", number(1)),
    0x0019: ("REQUESTED-TRANSPORT", number(1, 3)),
    0x001A: ("DONT-FRAGMENT", FLAG),
    0x001B: ("ACCESS-TOKEN", OPAQUE),
    0x001C: ("MESSAGE-INTEGRITY-SHA256", exactly(16, 20, 24, 28, 32)),
    0x001D: ("PASSWORD-ALGORITHM", OPAQUE),
    0x001E: ("USERHASH", exactly(32)),
    0x0020: ("XOR-MAPPED-ADDRESS", XORED),
    0x0021: ("TIMER-VAL", U32),
    0x0022: ("RESERVATION-TOKEN", exactly(8)),
    0x0024: ("PRIORITY", U32),
    0x0025: ("USE-CANDIDATE", FLAG),
    0x0026: ("PADDING", OPAQUE),
    0x0027: ("RESPONSE-PORT", number(2, 2)),
    0x002A: ("CONNECTION-ID", U32),
    0x8000: ("ADDITIONAL-ADDRESS-FAMILY", number(1, 3)),
    0x8001: ("ADDRESS-ERROR-CODE", ERROR),
    0x8002: ("PASSWORD-ALGORITHMS", OPAQUE),
    0x8003: ("ALTERNATE-DOMAIN", TEXT),
    0x8004: ("ICMP", OPAQUE),
    0x8008: ("MS-VERSION", U32),
    0x8020: ("MS-XOR-MAPPED-ADDRESS", XORED),
    0x8022: ("SOFTWARE", TEXT),
    0x8023: ("ALTERNATE-SERVER", PLAIN),
    0x8025: ("TRANSACTION-TRANSMIT-COUNTER", U32),
    0x8027: ("CACHE-TIMEOUT", U32),
    0x8028: ("FINGERPRINT", U32),
    0x8029: ("ICE-CONTROLLED", U64),
    0x802A: ("ICE-CONTROLLING", U64),
    0x802B: ("RESPONSE-ORIGIN", PLAIN),
    0x802C: ("OTHER-ADDRESS", PLAIN),
    0x802D: ("ECN-CHECK", OPAQUE),
    0x802E: ("THIRD-PARTY-AUTHORIZATION", TEXT),
    0x8030: ("MOBILITY-TICKET", OPAQUE),
    0x8050: ("MS-SEQUENCE-NUMBER", OPAQUE),
    0x8054: ("MS-CANDIDATE-IDENTIFIER", OPAQUE),
    0x8055: ("MS-SERVICE-QUALITY", OPAQUE),
    0x8070: ("MS-IMPLEMENTATION-VERSION", U32),
    0x8090: ("MS-ALTERNATE-MAPPED-ADDRESS", PLAIN),
    0x8095: ("MS-MULTIPLEXED-TURN-SESSION-ID", OPAQUE),
    0xC000: ("CISCO-STUN-FLOWDATA", OPAQUE),
    0xC001: ("ENF-FLOW-DESCRIPTION", OPAQUE),
    0xC002: ("ENF-NETWORK-STATUS", OPAQUE),
    0xC056: ("CISCO-WEBEX-FLOW-INFO", OPAQUE),
    0xC057: ("GOOG-NETWORK-INFO", U32),
    0xC058: ("GOOG-LAST-ICE-CHECK-RECEIVED", OPAQUE),
    0xC059: ("GOOG-MISC-INFO", OPAQUE),
    0xC05B: ("GOOG-CONNECTION-ID", OPAQUE),
    0xC05C: ("GOOG-DELTA", OPAQUE),
    0xC05D: ("GOOG-DELTA-ACK", OPAQUE),
    0xC05E: ("GOOG-DELTA-SYNC-REQ", OPAQUE),
    0xC060: ("GOOG-MESSAGE-INTEGRITY-32", exactly(4)),
    0xC070: ("META-DTLS-IN-STUN", OPAQUE),
    0xC071: ("META-DTLS-IN-STUN-ACK", OPAQUE),
}
"""Type → the registered name, and the kind of its value. Types that are not here are kept as octets."""

TYPES_BY_NAME: dict[str, int] = {name: type_ for type_, (name, _) in ATTRIBUTES.items()}


def name_of(type_: int) -> str:
    """The registered name of an attribute type, or the type in hexadecimal."""
    return ATTRIBUTES[type_][0] if type_ in ATTRIBUTES else f"0x{type_:04X}"
