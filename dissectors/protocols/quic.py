"""QUIC long and short headers (RFC 9000 section 17, RFC 9443)."""
from __future__ import annotations

from typing import Literal

from dissectors.wire.errors import Malformed
from dissectors.wire.spec import U16, U32, AtLeast, Between, Bits, Spec, certain, plausible
from dissectors.wire.values import Struct

Form = Literal["long", "short", "version negotiation", "google"]

VERSION_2 = 0x6B3343CF
VERSIONS: dict[int, str] = {
    0x00000001: "version 1",
    VERSION_2: "version 2",
    0xFACEB001: "mvfst draft 22",
    0xFACEB002: "mvfst draft 27",
    0xFACEB00E: "mvfst experimental",
}
TYPES = ("Initial", "0-RTT", "Handshake", "Retry")
TYPES_OF_VERSION_2 = ("Retry", "Initial", "0-RTT", "Handshake")

MOST_CONNECTION_ID = 20
_LAST_DRAFT_OF_ONE_LENGTH_OCTET = 0xFF000015


class Message(Struct, frozen=True):
    """The fields in the clear of the first QUIC header of a datagram.

    `version`, `destination` and `source` (connection identifiers) are None in a short header, whose identifier has no
    length of its own. `type` is "" where the version does not define it. `versions` are those that a Version
    Negotiation offers.
    """

    form: Form
    type: str
    version: int | None
    destination: bytes | None
    source: bytes | None
    versions: tuple[int, ...]
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        if self.form == "short":
            return "QUIC short header"
        ids = f"destination {_hex(self.destination)}, source {_hex(self.source)}"
        if self.form == "version negotiation":
            offered = ", ".join(map(name_of_version, self.versions[:8]))
            return f"QUIC Version Negotiation, {ids}, offers {offered or 'nothing'}"
        version = "" if self.version is None else name_of_version(self.version)
        return ", ".join(filter(None, (f"QUIC {self.type}".strip(), version, ids)))


def parse(payload: bytes) -> Message:
    """Read the first header of a datagram; raises `Malformed` where its connection identifiers do not fit."""
    if not payload:
        raise Malformed("QUIC", 0, "no bytes")
    first = payload[0]
    if first & 0x80:
        return _long(payload)
    if first & 0xC1 == 0x01 and payload[9:11] == b"Q0":
        return _google(payload)
    deviations = () if first & 0x40 else ("the fixed bit is zero: greased (RFC 9287), or Google's early QUIC",)
    return Message("short", "1-RTT", None, None, None, (), deviations)


def name_of_version(version: int) -> str:
    """A version's name for people: its registered one, the draft's, Google's four letters, or hexadecimal."""
    if version in VERSIONS:
        return VERSIONS[version]
    if version >> 8 == 0xFF0000:
        return f"draft {version & 0xFF}"
    letters = version.to_bytes(4, "big")
    if letters[:1] in b"QT" and letters[1:].isdigit():
        return letters.decode("ascii")
    return f"version 0x{version:08X}"


def _long(payload: bytes) -> Message:
    if len(payload) < 7:
        raise Malformed("QUIC", len(payload), f"a long header has at least 7 bytes, {len(payload)} are here")
    version = int.from_bytes(payload[1:5], "big")
    if 0xFF000000 < version <= _LAST_DRAFT_OF_ONE_LENGTH_OCTET or 0x51303434 <= version <= 0x51303438:
        destination, source, _ = _ids_of_one_length_octet(payload)
        return Message("long", TYPES[payload[0] >> 4 & 3], version, destination, source, (), ())
    destination, offset = _connection_id(payload, 5, version)
    source, offset = _connection_id(payload, offset, version)
    if version == 0:
        versions, rest = divmod(len(payload) - offset, 4)
        offered = tuple(int.from_bytes(payload[at:at + 4], "big") for at in range(offset, offset + versions * 4, 4))
        odd = (f"{rest} bytes follow the versions",) if rest else ()
        return Message("version negotiation", "Version Negotiation", 0, destination, source, offered, odd)
    deviations = () if payload[0] & 0x40 else ("the fixed bit is zero",)
    return Message("long", _type(payload[0], version), version, destination, source, (), deviations)


def _type(first: int, version: int) -> str:
    """The name of the type bits, which each version defines for itself (RFC 9369 section 3.2)."""
    if version == VERSION_2:
        return TYPES_OF_VERSION_2[first >> 4 & 3]
    known = version in VERSIONS or version >> 8 == 0xFF0000 or version >> 16 in (0x5130, 0x5430)
    return TYPES[first >> 4 & 3] if known else ""


def _connection_id(payload: bytes, offset: int, version: int) -> tuple[bytes, int]:
    if offset >= len(payload):
        raise Malformed("QUIC", offset, "the length of a connection identifier is missing")
    length = payload[offset]
    if version in (1, VERSION_2) and length > MOST_CONNECTION_ID:
        raise Malformed("QUIC", offset, f"a connection identifier of {length} bytes, {MOST_CONNECTION_ID} are allowed")
    end = offset + 1 + length
    if end > len(payload):
        left = len(payload) - offset - 1
        raise Malformed("QUIC", offset, f"a connection identifier needs {length} bytes, {left} are left")
    return payload[offset + 1:end], end


def _ids_of_one_length_octet(payload: bytes) -> tuple[bytes, bytes, int]:
    """Both lengths in the halves of one octet, 0 or 4 to 18 octets, as drafts up to 21 and Google's Q046 have them."""
    lengths = [each + 3 if each else 0 for each in (payload[5] >> 4, payload[5] & 0x0F)]
    middle, end = 6 + lengths[0], 6 + sum(lengths)
    if end > len(payload):
        raise Malformed("QUIC", 5, f"connection identifiers need {sum(lengths)} bytes, {len(payload) - 6} are left")
    return payload[6:middle], payload[middle:end], end


def _google(payload: bytes) -> Message:
    """The public header of Google's QUIC up to version 43: flags, eight octets of connection identifier, version."""
    if len(payload) < 13:
        raise Malformed("QUIC", len(payload), f"a public header has at least 13 bytes, {len(payload)} are here")
    return Message("google", "", int.from_bytes(payload[9:13], "big"), payload[1:9], b"", (), ())


def _hex(identifier: bytes | None) -> str:
    if not identifier:
        return "none"
    return identifier[:MOST_CONNECTION_ID].hex() + "…" * (len(identifier) > MOST_CONNECTION_ID)


_GOOGLES = (AtLeast(7), Bits(0, 0xC0, 0xC0))
_LONG = (*_GOOGLES, Between(5, 1, 0, 20))

SPEC = Spec(
    name="QUIC",
    match=(
        certain("long header of version 1", *_LONG, U32(1, 0x00000001)),
        certain("long header of version 2", *_LONG, U32(1, 0x6B3343CF)),
        certain("long header of a draft version", *_LONG, Between(1, 4, 0xFF000001, 0xFF000022)),
        # Wireshark's dissector of QUIC begins with Q050; what came before has one of its own.
        certain("long header of Google's QUIC", *_GOOGLES, Between(1, 4, 0x51303030, 0x5130352F), wireshark="gquic"),
        certain("long header of Google's QUIC, Q050 or later", *_GOOGLES, Between(1, 4, 0x51303530, 0x51303939)),
        certain("long header of Google's QUIC with TLS", *_LONG, Between(1, 4, 0x54303530, 0x54303539)),
        certain("long header of Facebook's QUIC", *_LONG, Between(1, 4, 0xFACEB000, 0xFACEB00F)),
        certain(
            "header of Google's early QUIC",
            AtLeast(13),
            Bits(0, 0xC9, 0x09),
            U16(9, 0x5130),
            wireshark="gquic",
        ),
        plausible("fixed bit of a short header", AtLeast(21), Bits(0, 0xC0, 0x40)),
    ),
    parse=parse,
    wireshark="quic",
    layers=("gquic",),
    colour="bright_blue",
)
