"""STUN (RFC 8489) with the attributes of ICE (RFC 8445) and TURN (RFC 8656)."""

from __future__ import annotations

import struct
from typing import Any

from scapy.fields import (
    BitEnumField,
    BitField,
    Field,
    PacketListField,
    ShortEnumField,
    ShortField,
    StrField,
    XBitField,
    XIntField,
)
from scapy.packet import Packet
from scapy.volatile import RandBin, RandNum, VolatileValue

from dissectors.layers.layer import Layer, cut, optional
from dissectors.protocols import stun
from dissectors.protocols.stun_attributes import ATTRIBUTES, OPAQUE, TYPES_BY_NAME, XORED, Address, ErrorCode
from dissectors.protocols.stun_integrity import HEADER, fingerprint_of, integrity_of
from dissectors.wire.errors import Malformed

MOST_ATTRIBUTES = 128
FINGERPRINT = TYPES_BY_NAME["FINGERPRINT"]
SIGNATURES = frozenset(TYPES_BY_NAME[name] for name in ("MESSAGE-INTEGRITY", "FINGERPRINT"))
XOR_TYPES = frozenset(type_ for type_, (_, kind) in ATTRIBUTES.items() if kind is XORED)
"""The attributes whose octets also depend on the message that they stand in."""

_HEADER = struct.Struct("!HHI")
_WORDS: dict[stun.Class, str] = {
    "request": "request",
    "indication": "indication",
    "success": "success response",
    "error": "error response",
}


def message_type(method: int, class_: stun.Class) -> int:
    """The 14 bits of method and class (RFC 8489 section 5)."""
    bits = stun.CLASSES.index(class_)
    return method & 0x00F | (method & 0x070) << 1 | (method & 0xF80) << 2 | (bits & 1) << 4 | (bits & 2) << 7


MESSAGE_TYPES: dict[int, str] = {
    message_type(method, class_): f"{name} {word}"
    for method, name in stun.METHODS.items()
    for class_, word in _WORDS.items()
}
"""Message type → its name in Scapy's words: «Binding success response»."""


def attribute_places(octets: bytes, end: int) -> list[tuple[int, int]]:
    """Where the whole attributes of a message that ends at `end` begin and end, padding included."""
    places, stopped = _walk(octets, end, 4)
    # Only a length that padding cannot explain speaks for a sender that does not pad.
    if stopped != end and (end - HEADER) % 4:
        unpadded, stopped = _walk(octets, end, 1)
        if stopped == end:
            return unpadded
    return places


def _walk(octets: bytes, end: int, align: int) -> tuple[list[tuple[int, int]], int]:
    places: list[tuple[int, int]] = []
    at = HEADER
    while at + 4 <= end and len(places) < MOST_ATTRIBUTES:
        length = int.from_bytes(octets[at + 2 : at + 4], "big")
        if at + 4 + length > end:
            break
        stop = min(at + 4 + length + -length % align, end)
        places.append((at, stop))
        at = stop
    return places, at


def meaning(type_: Any, octets: bytes, key: bytes | None) -> Any:
    """What the value of an attribute means, where that gives its octets back; the octets where it does not."""
    if type_ not in ATTRIBUTES or (key is None and type_ in XOR_TYPES):
        return octets
    kind, key = ATTRIBUTES[type_][1], key or bytes(16)
    found = kind.read(octets, key)
    if isinstance(found, str):
        # Some senders count a NUL after the text; the reader drops it, but here it must not get lost.
        found = octets.decode("utf-8", "backslashreplace")
    return octets if found is None or kind.write(found, key) != octets else found


class Value(Field[Any, bytes]):
    """The value of an attribute: what it means, where that gives its octets back, and the octets where it does not.

    Takes either, and the pairs that stand for an address (host, port) and an error (code, reason).
    """

    islist = 1

    def i2m(self, pkt: Packet | None, x: Any) -> bytes:
        """The octets; None is none."""
        if x is None or isinstance(x, bytes) or pkt is None:
            return x or b""
        _, kind = ATTRIBUTES.get(pkt.type, ("", OPAQUE))
        return kind.write(x, pkt.key or bytes(16))

    def i2h(self, pkt: Packet | None, x: Any) -> Any:
        """What the octets mean, or they themselves."""
        return meaning(pkt.type, x, pkt.key) if isinstance(x, bytes) and pkt is not None else x

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        """Pairs become addresses and errors."""
        if type(x) is tuple and len(x) == 2 and isinstance(x[0], str):
            return Address(*x)
        if type(x) is tuple and len(x) == 2 and isinstance(x[1], str):
            return ErrorCode(*x)
        return x

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        """The meaning."""
        return repr(self.i2h(pkt, x))

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """The octets after those before."""
        return s + self.i2m(pkt, val)

    def randval(self) -> Any:
        """Any octets, for `fuzz`."""
        return RandBin(RandNum(0, 40))


class Attributes(PacketListField):
    """The attributes of a message: each is built with the key of the message that is being built."""

    def i2m(self, pkt: Packet | None, x: Any) -> bytes:
        """The octets of one attribute, whichever message it stood in before."""
        if pkt is None or not isinstance(x, STUNAttribute) or x.getfieldval("type") not in XOR_TYPES:
            return bytes(x)
        before = x.parent
        if isinstance(x.getfieldval("value"), Address):
            x.raw_packet_cache = None
        x.add_parent(pkt)
        octets = bytes(x)
        x.parent = before
        return octets


class STUNAttribute(Layer, Packet):
    """An attribute: `value` reads as what it means (an `Address`, a number, text …) and takes that or octets.

    One class serves all types of the registry, by name or number. `length` is computed when it is None, and so is
    `padding`, with NULs; the value of a FINGERPRINT is computed when it is None.
    """

    name = "STUN attribute"
    fields_desc = [
        ShortEnumField("type", 0x8022, {type_: name for type_, (name, _) in ATTRIBUTES.items()}),
        ShortField("length", None),
        Value("value", None),
        optional(StrField("padding", None)),
        cut(),
    ]

    @property
    def key(self) -> bytes | None:
        """The 16 octets that addresses are XORed with: those of the message that the attribute stands in.

        None where it stands in no message, or in one whose numbers are not settled yet (random ones, lists).
        """
        message = self.parent
        if not isinstance(message, STUN):
            return None
        cookie, transaction = message.getfieldval("magic_cookie"), message.getfieldval("transaction_id")
        if not isinstance(cookie, int) or not isinstance(transaction, int):
            return None
        return cookie.to_bytes(4, "big") + transaction.to_bytes(12, "big")

    def do_dissect(self, octets: bytes) -> bytes:
        """Read an attribute that fills `octets`, padding included."""
        if len(octets) < 4:
            return self.remember_cut(octets)
        length = int.from_bytes(octets[2:4], "big")
        fields: dict[str, Any] = {"type": int.from_bytes(octets[:2], "big"), "length": length}
        fields["value"] = octets[4 : 4 + length]
        if fields["type"] in XOR_TYPES:
            # An address is kept as one: the message may get another key before it is built.
            fields["value"] = meaning(fields["type"], octets[4 : 4 + length], self.key)
        padding = octets[4 + length :]
        if padding != bytes(-length % 4):
            fields["padding"] = padding
        self.remember(octets, fields)
        return b""

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Fill in the length and pad with NULs where nothing else is given."""
        if self.fields.get("cut") is not None:
            return octets + payload
        value = len(self.get_field("value").i2m(self, self.getfieldval("value")))
        if self.length is None:
            octets = octets[:2] + (value & 0xFFFF).to_bytes(2, "big") + octets[4:]
        if self.fields.get("padding") is None:
            octets += bytes(-value % 4)
        return octets + payload

    def mysummary(self) -> Any:
        """Nothing: the message speaks for it."""
        return ""


class STUN(Layer, Packet):
    """A STUN message, with the field names of Scapy's.

    Scapy's own is replaced, not subclassed: importing it binds port 3478 for good, its length has a sign, it takes
    octets after the message for attributes, knows nine of the attributes, loses what pads them and computes neither
    MESSAGE-INTEGRITY nor FINGERPRINT. Octets of the message that are no whole attribute are its payload, octets after
    it `Padding`. Without the magic cookie (RFC 3489) its field holds the first octets of the transaction identifier.
    """

    name = "STUN"
    spec = stun.SPEC
    payload_guess = []
    fields_desc = [
        BitField("RESERVED", 0, 2),
        BitEnumField("stun_message_type", 1, 14, MESSAGE_TYPES),
        ShortField("length", None),
        XIntField("magic_cookie", stun.MAGIC_COOKIE),
        XBitField("transaction_id", 0, 96),
        Attributes("attributes", [], STUNAttribute),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the header and the attributes that are whole."""
        if len(octets) < HEADER:
            return self.remember_cut(octets)
        type_, length, cookie = _HEADER.unpack_from(octets)
        fields: dict[str, Any] = {
            "RESERVED": type_ >> 14,
            "stun_message_type": type_ & 0x3FFF,
            "length": length,
            "magic_cookie": cookie,
            "transaction_id": int.from_bytes(octets[8:HEADER], "big"),
        }
        self.fields = fields
        places = attribute_places(octets, min(HEADER + length, len(octets)))
        fields["attributes"] = [STUNAttribute(octets[at:end], _internal=1, _parent=self) for at, end in places]
        end = places[-1][1] if places else HEADER
        self.remember(octets[:end], fields, ("attributes",))
        return octets[end:]

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """What the length counts beyond the attributes, and what it does not count."""
        length = self.fields.get("length")
        if length is None:
            return octets, None
        left = max(0, HEADER + length - len(self.raw_packet_cache or b""))
        return octets[:left], octets[left:]

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Fill in the length and the value of a FINGERPRINT that has none (RFC 8489 section 14.7)."""
        if self.fields.get("cut") is not None:
            return octets + payload
        last = self.attributes[-1] if self.attributes else None
        if last is not None and last.fields.get("type") == FINGERPRINT and last.getfieldval("value") is None:
            octets = octets[:-4]
            octets += FINGERPRINT.to_bytes(2, "big") + b"\0\4" + fingerprint_of(octets)
        octets += payload
        if self.length is None:
            octets = octets[:2] + (len(octets) - HEADER & 0xFFFF).to_bytes(2, "big") + octets[4:]
        return octets

    def get(self, name: str) -> Any:
        """The value of the first attribute of that registered name, or None."""
        type_ = TYPES_BY_NAME[name]
        return next((each.value for each in self.attributes if each.type == type_), None)

    def check(self, key: bytes) -> bool:
        """Whether there is a MESSAGE-INTEGRITY that was made with `key`, which is the one that `sign` takes."""
        try:
            return stun.check_integrity(self.build(), key) is True
        except Malformed:
            return False

    def sign(self, key: bytes) -> None:
        """Add MESSAGE-INTEGRITY under `key` over what stands here now, and a FINGERPRINT (RFC 8489 section 14.5).

        Those that were there are replaced; a random transaction identifier is settled. `key` is the password
        (short-term credentials) or MD5 of `username:realm:password` (long-term).
        """
        transaction = self.getfieldval("transaction_id")
        if isinstance(transaction, VolatileValue):
            self.setfieldval("transaction_id", transaction._fix())
        kept = [each for each in self.getfieldval("attributes") if getattr(each, "type", None) not in SIGNATURES]
        self.setfieldval("attributes", kept)
        integrity = STUNAttribute(type="MESSAGE-INTEGRITY", value=integrity_of(self.self_build(), key))
        signed = [*self.getfieldval("attributes"), integrity, STUNAttribute(type="FINGERPRINT")]
        self.setfieldval("attributes", signed)
        self.setfieldval("length", None)

    def hashret(self) -> bytes:
        """The transaction, by which `sr` finds the answer to a request."""
        return int(self.transaction_id or 0).to_bytes(12, "big")

    def answers(self, other: Packet) -> int:
        """Whether this is a response to the request `other`."""
        if not isinstance(other, STUN) or other.transaction_id != self.transaction_id:
            return 0
        mine, others = self.stun_message_type, other.stun_message_type
        return int(mine is not None and others is not None and bool(mine & 0x0100) and not others & 0x0110)
