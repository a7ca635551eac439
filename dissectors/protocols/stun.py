"""STUN (RFC 8489, 5389, 3489), with the attributes of ICE (RFC 8445) and TURN (RFC 8656)."""
from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, get_args

from dissectors.protocols.stun_attributes import (
    ATTRIBUTES,
    COOKIE,
    OPAQUE,
    TYPES_BY_NAME,
    Address,
    ErrorCode,
    Value,
    name_of,
    read_address,
)
from dissectors.protocols.stun_framing import frame
from dissectors.protocols.stun_integrity import HEADER, fingerprint_of, integrity_of
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import U32, AtLeast, Bits, Chain, LengthField, Spec, certain, plausible
from dissectors.wire.values import Struct

SHOWN = 64
MOST_REMEMBERED = 512
LONGEST_REMEMBERED = 64
"""Octets of the longest attribute that is remembered decoded: an agent repeats most of them in every check."""

LONGEST_REPEATED, MIN_REPEATED = 256, 2
"""Octets, and attributes, from a message's first on that are remembered together."""

Class = Literal["request", "indication", "success", "error"]
CLASSES: tuple[Class, ...] = get_args(Class)

METHODS: dict[int, str] = {
    0x001: "Binding",
    0x002: "Shared Secret",
    0x003: "Allocate",
    0x004: "Refresh",
    0x006: "Send",
    0x007: "Data",
    0x008: "CreatePermission",
    0x009: "ChannelBind",
    0x00A: "Connect",
    0x00B: "ConnectionBind",
    0x00C: "ConnectionAttempt",
    0x080: "GOOG-PING",
    **{0x200 + each: f"WhatsApp 0x{0x0800 + each:04X}" for each in range(6)},
}
MS_TURN: dict[int, tuple[str, Class]] = {
    0x0003: ("Allocate", "request"),
    0x0103: ("Allocate", "success"),
    0x0113: ("Allocate", "error"),
    0x0004: ("Send", "request"),
    0x0104: ("Send", "success"),
    0x0114: ("Send", "error"),
    0x0115: ("Data", "indication"),
    0x0006: ("Set Active Destination", "request"),
    0x0106: ("Set Active Destination", "success"),
    0x0116: ("Set Active Destination", "error"),
}
"""By type: the messages of the TURN that Skype and Teams speak, older than RFC 5766, which gives some other names."""

MS_MARK = b"\x00\x0f\x00\x04\x72\xc6\x4b\xc6"
"""MAGIC-COOKIE and its value: the first attribute of these messages."""

PEER_ADDRESS = 0x0012

METHODS_BY_NAME: dict[str, int] = {name: method for method, name in METHODS.items()}

FIRST_WORDS = struct.Struct("!HH")
"""The type and the length of a message."""

IPV6_ADDRESS = 20
"""Octets of an IPv6 address with its family and port."""

_AFTER_INTEGRITY = {"MESSAGE-INTEGRITY", "MESSAGE-INTEGRITY-SHA256", "FINGERPRINT"}
_NEVER_REPEATED = {TYPES_BY_NAME[name] for name in _AFTER_INTEGRITY}


class Attribute(Struct, frozen=True):
    """One attribute: `decoded` is None where the octets do not fit the type, and the octets where nothing is known."""

    type: int
    name: str
    value: bytes
    decoded: Value | None


class Message(Struct, frozen=True):
    """A STUN message (RFC 8489 section 5).

    `transaction` has 12 octets, or 16 where there is no `cookie` (RFC 3489). `fingerprint_ok` is None without a
    FINGERPRINT. `trailing` are the octets after the message's own length. `deviations` are phrases for people: what
    was accepted although the RFC forbids it.
    """

    method: str
    method_number: int
    class_: Class
    transaction: bytes
    cookie: bool
    attributes: tuple[Attribute, ...]
    fingerprint_ok: bool | None
    trailing: bytes
    deviations: tuple[str, ...]

    def get(self, name: str) -> Value | None:
        """The value of the first attribute of that name (only the first counts, RFC 8489 section 14), or None."""
        for each in self.attributes:
            if each.name == name:
                return each.decoded
        return None

    def values(self) -> dict[str, Value | None]:
        """The value of the first attribute of each name: all at once, which costs a fraction of asking for each."""
        return {each.name: each.decoded for each in reversed(self.attributes)}

    def _address(self, *names: str) -> Address | None:
        for name in names:
            value = self.get(name)
            if isinstance(value, Address):
                return value
        return None

    def _number(self, name: str) -> int | None:
        value = self.get(name)
        return value if isinstance(value, int) else None

    @property
    def mapped_address(self) -> Address | None:
        """The reflexive address: XOR-MAPPED-ADDRESS, else the plain one of RFC 3489."""
        return self._address("XOR-MAPPED-ADDRESS", "MS-XOR-MAPPED-ADDRESS", "MAPPED-ADDRESS")

    @property
    def relayed_address(self) -> Address | None:
        """The address that a TURN server allocated."""
        return self._address("XOR-RELAYED-ADDRESS")

    @property
    def peer_address(self) -> Address | None:
        """The peer that a TURN message speaks of."""
        return self._address("XOR-PEER-ADDRESS", "REMOTE-ADDRESS", "DESTINATION-ADDRESS")

    @property
    def channel(self) -> int | None:
        """The number of the channel that a ChannelBind asks for."""
        return self._number("CHANNEL-NUMBER")

    @property
    def lifetime(self) -> int | None:
        """The lifetime of an allocation in seconds."""
        return self._number("LIFETIME")

    @property
    def data(self) -> bytes | None:
        """The payload of a Data or Send indication."""
        value = self.get("DATA")
        return value if isinstance(value, bytes) else None

    @property
    def error(self) -> ErrorCode | None:
        """The error of an error response."""
        value = self.get("ERROR-CODE")
        return value if isinstance(value, ErrorCode) else None

    @property
    def username(self) -> str | None:
        """USERNAME; in ICE the receiver's fragment, a colon, the sender's (RFC 8445 section 7.2.2)."""
        value = self.get("USERNAME")
        return value if isinstance(value, str) else None

    @property
    def software(self) -> str | None:
        """SOFTWARE: the sender's own name."""
        value = self.get("SOFTWARE")
        return value if isinstance(value, str) else None

    @property
    def priority(self) -> int | None:
        """The priority of a peer-reflexive candidate that this check may reveal (RFC 8445 section 7.1.1)."""
        return self._number("PRIORITY")

    @property
    def use_candidate(self) -> bool:
        """Whether the controlling agent nominates this pair (RFC 8445 section 7.1.2)."""
        return "USE-CANDIDATE" in [each.name for each in self.attributes]

    @property
    def role(self) -> Literal["controlling", "controlled"] | None:
        """The sender's ICE role (RFC 8445 section 7.1.3)."""
        names = [each.name for each in self.attributes]
        return "controlling" if "ICE-CONTROLLING" in names else "controlled" if "ICE-CONTROLLED" in names else None

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        data = self.data
        shown = (
            ("", self.error and ErrorCode(self.error.code, self.error.reason[:SHOWN])),
            ("mapped ", self.mapped_address),
            ("relayed ", self.relayed_address),
            ("peer ", self.peer_address),
            ("channel ", None if self.channel is None else f"0x{self.channel:04X}"),
            ("lifetime ", None if self.lifetime is None else f"{self.lifetime} s"),
            ("data ", None if data is None else f"{len(data)} bytes"),
            ("user ", None if self.username is None else repr(self.username[:SHOWN])),
            ("", self.role),
            ("", "nominates" if self.use_candidate else None),
            ("", "fingerprint wrong" if self.fingerprint_ok is False else None),
        )
        head = f"{self.method} {self.class_}" + ("" if self.cookie else " (RFC 3489)")
        return ", ".join([head, *(f"{label}{value}" for label, value in shown if value is not None)])


def parse(payload: bytes) -> Message:
    """Read a STUN message, with or without the magic cookie.

    Real senders are met half-way: a length that is no multiple of four, attributes without padding, octets after the
    message and values that do not fit are deviations. Raises `Malformed` where the two first bits are not zero, the
    message is cut short, or an attribute reaches beyond it.
    """
    if len(payload) < HEADER:
        raise Malformed("STUN", len(payload), f"a header has {HEADER} bytes, {len(payload)} are here")
    type_, length = FIRST_WORDS.unpack_from(payload)
    if type_ > 0x3FFF:
        raise Malformed("STUN", 0, "the two first bits are not zero")
    end = HEADER + length
    if end > len(payload):
        raise Malformed("STUN", 2, f"the length announces {length} bytes, {len(payload) - HEADER} follow")
    places, padded = _places(payload, end)
    attributes = _attributes(payload, places, padded)
    microsoft = payload.startswith(MS_MARK, HEADER)
    if microsoft:
        attributes = tuple([_plain(each) if each.type == PEER_ADDRESS else each for each in attributes])
    cookie = payload.startswith(COOKIE, 4)
    method = type_ & 0x000F | (type_ & 0x00E0) >> 1 | (type_ & 0x3E00) >> 2
    names, fits = [], True
    for each in attributes:
        names.append(each.name)
        if each.decoded is None:
            fits = False
    fingerprint_ok = _fingerprint_ok(payload, places, names.index("FINGERPRINT")) if "FINGERPRINT" in names else None
    deviations = _out_of_order(names)
    if not fits or length % 4 or not padded or end < len(payload) or fingerprint_ok is False:
        deviations = (*_misfits(attributes, length, padded, fingerprint_ok, len(payload) - end), *deviations)
    name = METHODS.get(method) or f"method 0x{method:03X}"
    class_ = CLASSES[(type_ & 0x0010) >> 4 | (type_ & 0x0100) >> 7]
    if microsoft:
        name, class_ = MS_TURN.get(type_, (name, class_))
    return Message(
        name,
        method,
        class_,
        payload[8:HEADER] if cookie else payload[4:HEADER],
        cookie,
        attributes,
        fingerprint_ok,
        payload[end:],
        deviations,
    )


def _places(payload: bytes, end: int) -> tuple[list[tuple[int, int]], bool]:
    """Where each attribute's value starts and ends, and whether the attributes are padded to four octets."""
    try:
        return _walk(payload, end, 4), True
    except Malformed:
        # Only a length that padding cannot explain speaks for a sender that does not pad.
        if (end - HEADER) % 4 == 0:
            raise
    return _walk(payload, end, 1), False


def _walk(payload: bytes, end: int, align: int) -> list[tuple[int, int]]:
    places = []
    offset = HEADER
    while offset < end:
        start = offset + 4
        if start > end:
            raise Malformed("STUN", offset, f"an attribute's header needs 4 bytes, {end - offset} are left")
        stop = start + (payload[offset + 2] << 8 | payload[offset + 3])
        if stop > end:
            name = name_of(int.from_bytes(payload[offset:offset + 2], "big"))
            raise Malformed("STUN", offset, f"{name} needs {stop - start} bytes, {end - start} are left")
        places.append((start, stop))
        offset = stop + (start - stop) % align
    return places


def _attributes(payload: bytes, places: list[tuple[int, int]], padded: bool) -> tuple[Attribute, ...]:
    """All of them, those before what seals the message at once if they were there before, as in checks of one agent."""
    first = 0
    for start, stop in places if padded else ():
        # An IPv6 address depends on the transaction.
        if stop - HEADER > LONGEST_REPEATED or stop - start == IPV6_ADDRESS:
            break
        if payload[start - 4] << 8 | payload[start - 3] in _NEVER_REPEATED:
            break
        first += 1
    if first < MIN_REPEATED:
        return tuple([_attribute(payload, start, stop) for start, stop in places])
    known = _first_attributes(payload[4:8], payload[HEADER : places[first - 1][1]])
    return known + tuple([_attribute(payload, start, stop) for start, stop in places[first:]])


@lru_cache(MOST_REMEMBERED)
def _first_attributes(key: bytes, octets: bytes) -> tuple[Attribute, ...]:
    """The attributes in these octets of a message that has that cookie."""
    payload = bytes(4) + key + bytes(HEADER - 8) + octets
    return tuple([_attribute(payload, start, stop) for start, stop in _walk(payload, len(payload), 4)])


def _attribute(payload: bytes, start: int, stop: int) -> Attribute:
    type_ = payload[start - 4] << 8 | payload[start - 3]
    value = payload[start:stop]
    # The transaction is in the key of an IPv6 address alone.
    key = payload[4:HEADER] if stop - start == IPV6_ADDRESS else payload[4:8]
    repeated = stop - start <= LONGEST_REMEMBERED and type_ not in _NEVER_REPEATED
    return _repeated(type_, value, key) if repeated else _decoded(type_, value, key)


def _decoded(type_: int, value: bytes, key: bytes) -> Attribute:
    name, kind = ATTRIBUTES.get(type_) or (name_of(type_), OPAQUE)
    return Attribute(type_, name, value, kind.read(value, key))


_repeated = lru_cache(MOST_REMEMBERED)(_decoded)


def _plain(attribute: Attribute) -> Attribute:
    """REMOTE-ADDRESS, as the type was called before addresses were XORed."""
    return Attribute(attribute.type, "REMOTE-ADDRESS", attribute.value, read_address(attribute.value, b""))


def _fingerprint_ok(payload: bytes, places: list[tuple[int, int]], number: int) -> bool:
    """Whether the attribute of that number is the FINGERPRINT of all before it (RFC 8489 section 14.7)."""
    start, stop = places[number]
    return payload[start:stop] == fingerprint_of(payload[:start - 4])


def _misfits(
    attributes: tuple[Attribute, ...], length: int, padded: bool, fingerprint_ok: bool | None, trailing: int
) -> Iterable[str]:
    if length % 4:
        yield f"the length {length} is not a multiple of 4"
    if not padded:
        yield "attributes are not padded to 4 bytes"
    if trailing:
        yield f"{trailing} bytes follow the message"
    for name in dict.fromkeys([each.name for each in attributes if each.decoded is None]):
        yield f"{name} has a value that does not fit"
    if fingerprint_ok is False:
        yield "FINGERPRINT does not match"


def _out_of_order(names: list[str]) -> tuple[str, ...]:
    """The errors in the order of the attributes (RFC 8489 sections 14.5 to 14.7)."""
    wrong = ["FINGERPRINT is not the last attribute"] if "FINGERPRINT" in names[:-1] else []
    if "MESSAGE-INTEGRITY" in names:
        behind = [name for name in names[names.index("MESSAGE-INTEGRITY") + 1:] if name not in _AFTER_INTEGRITY]
        wrong += [f"{name} follows MESSAGE-INTEGRITY and does not count" for name in dict.fromkeys(behind)]
    return tuple(wrong)


def check_integrity(payload: bytes, key: bytes) -> bool | None:
    """Whether the first MESSAGE-INTEGRITY is the HMAC-SHA1 under `key` (RFC 8489 section 14.5); None without one.

    `key` is the password (short-term credentials) or MD5 of `username:realm:password` (long-term). Raises `Malformed`
    as `parse` does.
    """
    from hmac import compare_digest

    parse(payload)
    wanted = TYPES_BY_NAME["MESSAGE-INTEGRITY"]
    for start, stop in _places(payload, HEADER + int.from_bytes(payload[2:4], "big"))[0]:
        if int.from_bytes(payload[start - 4:start - 2], "big") == wanted:
            return compare_digest(payload[start:stop], integrity_of(payload[:start - 4], key))
    return None


def build(
    method: str | int,
    class_: Class,
    transaction: bytes,
    attributes: Iterable[tuple[str | int, Value]] = (),
    *,
    key: bytes | None = None,
    fingerprint: bool = False,
) -> bytes:
    """The octets of a message, which `parse` reads back.

    `transaction` has 12 octets, or 16 for RFC 3489. Attributes are pairs of a name or type and a value of the type
    that `parse` gives; octets are taken for any. `key` adds MESSAGE-INTEGRITY, `fingerprint` FINGERPRINT, in that
    order. Raises `ValueError` for a transaction of another size and `KeyError` for a name that is not registered.
    """
    if len(transaction) not in (12, 16):
        raise ValueError(f"a transaction identifier has 12 or 16 bytes, not {len(transaction)}")
    number = method if isinstance(method, int) else METHODS_BY_NAME[method]
    class_bits = CLASSES.index(class_)
    type_ = number & 0x000F | (number & 0x0070) << 1 | (number & 0x0F80) << 2
    type_ |= (class_bits & 1) << 4 | (class_bits & 2) << 7
    identity = transaction if len(transaction) == 16 else COOKIE + transaction
    message = type_.to_bytes(2, "big") + bytes(2) + identity
    message += b"".join(_encode(name, value, identity) for name, value in attributes)
    if key is not None:
        message += _encode("MESSAGE-INTEGRITY", integrity_of(message, key), identity)
    if fingerprint:
        message += _encode("FINGERPRINT", fingerprint_of(message), identity)
    return message[:2] + (len(message) - HEADER).to_bytes(2, "big") + message[4:]


def _encode(name: str | int, value: Value, identity: bytes) -> bytes:
    type_ = name if isinstance(name, int) else TYPES_BY_NAME[name]
    kind = ATTRIBUTES[type_][1] if type_ in ATTRIBUTES else OPAQUE
    octets = value if isinstance(value, bytes) else kind.write(value, identity)
    return type_.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets + bytes(-len(octets) % 4)


MAGIC_COOKIE = 0x2112A442

# RFC 3489 has no cookie: the class bits may vary, the method is Binding (1) or Shared Secret (2).
_CLASSIC = (
    AtLeast(20),
    Bits(0, 0xFE, 0x00),
    LengthField(2, 1, 20, 0),
    Chain(20, 2, 1, 4, 4, ()),
)

SPEC = Spec(
    name="STUN",
    match=(
        certain("magic cookie 0x2112A442 and two zero bits", AtLeast(20), Bits(0, 0xC0, 0x00), U32(4, MAGIC_COOKIE)),
        certain(
            "MAGIC-COOKIE 0x72C64BC6 as the first attribute of a whole chain, as Skype and Teams have it",
            AtLeast(28),
            Bits(0, 0xC0, 0x00),
            U32(20, 0x000F0004),
            U32(24, 0x72C64BC6),
            LengthField(2, 1, 20, 0),
            Chain(20, 2, 1, 4, 4, ()),
        ),
        plausible("Binding message of RFC 3489", Bits(1, 0xEF, 0x01), *_CLASSIC, wireshark="classicstun"),
        plausible("Shared Secret message of RFC 3489", Bits(1, 0xEF, 0x02), *_CLASSIC, wireshark="classicstun"),
    ),
    parse=parse,
    role="path",
    reported=True,
    wireshark="stun-udp",
    layers=("stun", "classicstun"),
    opens=True,
    colour="yellow",
    frame=frame,
)
