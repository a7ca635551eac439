"""ZRTP (RFC 6189)."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import U32, AtLeast, Bits, Spec, certain
from dissectors.wire.values import Struct

HEADER = 12
CRC = 4
SHORTEST = HEADER + 12 + CRC
PREAMBLE = 0x505A
CASTAGNOLI = 0x82F63B78

TYPES = frozenset((
    "Hello", "HelloACK", "Commit", "DHPart1", "DHPart2", "Confirm1", "Confirm2", "Conf2ACK", "Error", "ErrorACK",
    "GoClear", "ClearACK", "SASrelay", "RelayACK", "Ping", "PingACK",
))

ERRORS: dict[int, str] = {
    0x10: "malformed packet",
    0x20: "critical software error",
    0x30: "unsupported ZRTP version",
    0x40: "Hello components mismatch",
    0x51: "hash type not supported",
    0x52: "cipher type not supported",
    0x53: "public key exchange not supported",
    0x54: "SRTP authentication tag not supported",
    0x55: "SAS rendering scheme not supported",
    0x56: "no shared secret available, and DH mode is required",
    0x61: "DH error: bad pvi or pvr",
    0x62: "DH error: hvi does not match the hashed data",
    0x63: "received relayed SAS from an untrusted man in the middle",
    0x70: "authentication error: bad Confirm",
    0x80: "nonce reuse",
    0x90: "equal ZIDs in Hello",
    0x91: "SSRC collision",
    0xA0: "service unavailable",
    0xB0: "protocol timeout",
    0x100: "GoClear received, but it is not allowed",
}


@cache
def _crc_table() -> tuple[int, ...]:
    """What an octet makes of a sum, made when the first packet comes: hardly any capture has one."""
    table = []
    for octet in range(256):
        for _ in range(8):
            octet = octet >> 1 ^ CASTAGNOLI * (octet & 1)
        table.append(octet)
    return tuple(table)


class Hello(Struct, frozen=True):
    """A Hello message (RFC 6189 section 5.2); the algorithms are four-letter names in the order of preference."""

    version: str
    client_id: str
    h3: bytes
    zid: bytes
    signature_capable: bool
    mitm: bool
    passive: bool
    hashes: tuple[str, ...]
    ciphers: tuple[str, ...]
    auth_tags: tuple[str, ...]
    key_agreements: tuple[str, ...]
    sas_types: tuple[str, ...]


class Commit(Struct, frozen=True):
    """A Commit message (RFC 6189 section 5.4): the algorithms that the initiator chose."""

    h2: bytes
    zid: bytes
    hash: str
    cipher: str
    auth_tag: str
    key_agreement: str
    sas_type: str


class Error(Struct, frozen=True):
    """An Error message (RFC 6189 section 5.9)."""

    code: int

    @property
    def reason(self) -> str:
        """The code in words."""
        return ERRORS.get(self.code, f"error 0x{self.code:X}")


class Message(Struct, frozen=True):
    """A ZRTP packet (RFC 6189 section 5).

    `source_identifier` is the SSRC of the media that it belongs to, `type` the message's name without its blanks,
    `message` what follows the type, `decoded` that for a Hello, Commit or Error. `crc_ok` says whether the CRC-32C
    matches.
    """

    sequence: int
    source_identifier: int
    type: str
    message: bytes
    decoded: Hello | Commit | Error | None
    crc_ok: bool
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        name = self.type if self.type in TYPES else repr(self.type)
        parts = [f"ZRTP {name}", f"SSRC 0x{self.source_identifier:08X}", f"sequence {self.sequence}"]
        if isinstance(self.decoded, Hello):
            parts += [f"version {self.decoded.version!r}", f"client {self.decoded.client_id!r}"]
        if isinstance(self.decoded, Commit):
            parts += [f"key agreement {self.decoded.key_agreement!r}", f"cipher {self.decoded.cipher!r}"]
        if isinstance(self.decoded, Error):
            parts.append(self.decoded.reason)
        return ", ".join(parts + ["CRC wrong"] * (not self.crc_ok))


def crc32c(octets: bytes) -> int:
    """The CRC-32C that ZRTP borrows from SCTP (RFC 6189 section 5, RFC 9260 appendix A)."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ table[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF


def parse(payload: bytes) -> Message:
    """Read a ZRTP packet; a wrong CRC is a deviation, a message that does not fit its length raises `Malformed`."""
    if len(payload) < SHORTEST:
        raise Malformed("ZRTP", len(payload), f"a packet has at least {SHORTEST} bytes, {len(payload)} are here")
    if payload[0] >> 4 != 1:
        raise Malformed("ZRTP", 0, "the first four bits are not 0001")
    if payload[4:8] != b"ZRTP":
        raise Malformed("ZRTP", 4, "the magic cookie is missing")
    if int.from_bytes(payload[12:14], "big") != PREAMBLE:
        raise Malformed("ZRTP", 12, "a message begins with 0x505A")
    length = 4 * int.from_bytes(payload[14:16], "big")
    end = HEADER + length
    if length < 12 or end + CRC > len(payload):
        raise Malformed("ZRTP", 14, f"a message of {length} bytes, {len(payload) - HEADER - CRC} are here")
    type_ = _text(payload[16:24])
    crc_ok = int.from_bytes(payload[end:end + CRC], "little") == crc32c(payload[:end])
    deviations = [] if type_ in TYPES else [f"{type_!r} is no message of RFC 6189"]
    deviations += [] if crc_ok else ["the CRC does not match"]
    deviations += [f"{len(payload) - end - CRC} bytes follow the CRC"] if end + CRC < len(payload) else []
    message = payload[24:end]
    return Message(
        sequence=int.from_bytes(payload[2:4], "big"),
        source_identifier=int.from_bytes(payload[8:12], "big"),
        type=type_,
        message=message,
        decoded=READERS[type_](message) if type_ in READERS else None,
        crc_ok=crc_ok,
        deviations=tuple(deviations),
    )


def _hello(message: bytes) -> Hello:
    _need(message, 68, "Hello")
    flags = int.from_bytes(message[64:68], "big")
    counts = [flags >> shift & 0x0F for shift in (16, 12, 8, 4, 0)]
    _need(message, 68 + 4 * sum(counts), "Hello with its algorithms")
    lists: list[tuple[str, ...]] = []
    offset = 68
    for count in counts:
        lists.append(tuple(_text(message[at:at + 4]) for at in range(offset, offset + 4 * count, 4)))
        offset += 4 * count
    return Hello(
        version=_text(message[:4]),
        client_id=_text(message[4:20]),
        h3=message[20:52],
        zid=message[52:64],
        signature_capable=bool(flags & 0x40000000),
        mitm=bool(flags & 0x20000000),
        passive=bool(flags & 0x10000000),
        hashes=lists[0],
        ciphers=lists[1],
        auth_tags=lists[2],
        key_agreements=lists[3],
        sas_types=lists[4],
    )


def _commit(message: bytes) -> Commit:
    _need(message, 64, "Commit")
    chosen = [_text(message[at:at + 4]) for at in range(44, 64, 4)]
    return Commit(message[:32], message[32:44], *chosen)


def _error(message: bytes) -> Error:
    _need(message, 4, "Error")
    return Error(int.from_bytes(message[:4], "big"))


READERS: dict[str, Callable[[bytes], Hello | Commit | Error]] = {"Hello": _hello, "Commit": _commit, "Error": _error}


def _need(message: bytes, octets: int, what: str) -> None:
    if len(message) < octets:
        raise Malformed("ZRTP", 24 + len(message), f"{what} needs {octets} bytes, {len(message)} are here")


def _text(octets: bytes) -> str:
    return octets.decode("ascii", "backslashreplace").rstrip(" \0")


MAGIC_COOKIE = 0x5A525450

SPEC = Spec(
    name="ZRTP",
    match=(certain("magic cookie «ZRTP»", AtLeast(12), Bits(0, 0xF0, 0x10), U32(4, MAGIC_COOKIE)),),
    parse=parse,
    role="path",
    wireshark="zrtp",
    opens=True,
    colour="bright_magenta",
)
