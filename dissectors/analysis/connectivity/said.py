"""What a STUN message says to who counts checks: all of it but its transaction, which an agent says again and again."""

from __future__ import annotations

from collections.abc import Mapping

from dissectors.analysis.connectivity.asked import MAX_PEERS_PER_CHECK, SUCCESS, Request
from dissectors.limits.remembered import Remembered
from dissectors.protocols import stun
from dissectors.protocols.stun_attributes import COOKIE, Address, Value, read_xor_address
from dissectors.protocols.stun_integrity import HEADER, fingerprint_of
from dissectors.wire.errors import Malformed

GRANTING = ("createpermission", "channelbind")
NO_CODE = "error without a code"

INTEGRITY, FINGERPRINT = b"\x00\x08\x00\x14", b"\x80\x28\x00\x04"
INTEGRITY_OCTETS, FINGERPRINT_OCTETS = 24, 8
"""How the two attributes begin that differ in every message, and how long they are; they are the last ones."""

MAPPED, IPV4_OCTETS = b"\x00\x20\x00\x08\x00\x01", 6
"""How an XOR-MAPPED-ADDRESS begins that is of IPv4, and what follows: a port and an address."""

LONGEST_USUAL = 400
"""Octets of the longest check of which it is remembered what it says."""

NO_TRANSACTION = bytes(12)
NOTHING_BUT_SUCCESS = stun.parse(b"\x01\x01\x00\x00" + COOKIE + NO_TRANSACTION)


class Said:
    """What one message says.

    Of an answer these are its `result`, an error or `success`, and the addresses and the lifetime in it; of anything
    else the `kind` of what is asked, and `request`, which is None for an indication.
    """

    __slots__ = (
        "answers", "binding", "kind", "lifetime", "mapped", "nominates", "relayed", "request", "result", "role",
        "software",
    )

    def __init__(self, message: stun.Message) -> None:
        self.binding, class_ = message.method == "Binding", message.class_
        self.answers = class_ == "success" or class_ == "error"
        self.kind = self.result = self.software = ""
        self.request: Request | None = None
        self.role: str | None = None
        self.nominates = False
        self.mapped: Address | None = None
        self.relayed: Address | None = None
        self.lifetime: int | None = None
        if self.answers:
            self._answer(message)
        else:
            self._ask(message, message.values())

    def _answer(self, message: stun.Message) -> None:
        error = None if message.class_ == "success" else message.error
        self.result = SUCCESS if message.class_ == "success" else NO_CODE if error is None else str(error)
        self.mapped, self.relayed, self.lifetime = message.mapped_address, message.relayed_address, message.lifetime

    def _ask(self, message: stun.Message, values: Mapping[str, Value | None]) -> None:
        self.kind = _kind(message.method, values)
        if message.class_ == "request":
            self.request = _request(message, self.kind, values)
        controlled = "controlled" if "ICE-CONTROLLED" in values else None
        self.role = "controlling" if "ICE-CONTROLLING" in values else controlled
        self.nominates = "USE-CANDIDATE" in values
        self.software = str(values.get("SOFTWARE") or "")


class Glance:
    """Says of a Binding request or its success what it says, without a message of it; None where it is not as usual.

    Usual is one whose head counts it to its end. What stands before the two attributes that differ in every message
    depends on no transaction, unless there is an address of IPv6 in it, and is remembered.
    """

    def __init__(self) -> None:
        self.requests, self.answers = Remembered(_asked), Remembered(_answered)

    def at(self, payload: bytes) -> Said | None:
        """What these octets say."""
        size = end = len(payload)
        if size < HEADER or size > LONGEST_USUAL or size % 4 or payload[1] != 1:
            return None
        if payload[2] << 8 | payload[3] != size - HEADER or not payload.startswith(COOKIE, 4):
            return None
        # What is cut off is no attribute if it is in the midst of another one, which is not whole then.
        if end >= HEADER + FINGERPRINT_OCTETS and payload.startswith(FINGERPRINT, end - FINGERPRINT_OCTETS):
            end -= FINGERPRINT_OCTETS
        if end >= HEADER + INTEGRITY_OCTETS and payload.startswith(INTEGRITY, end - INTEGRITY_OCTETS):
            end -= INTEGRITY_OCTETS
        known, octets = self.requests if payload[0] == 0 else self.answers if payload[0] == 1 else None, payload
        return None if known is None else known.recall(octets[HEADER:end])


def fingerprint_wrong(payload: bytes) -> bool:
    """Whether octets that end with a FINGERPRINT end with another one than theirs (RFC 8489 section 14.7)."""
    at = len(payload) - FINGERPRINT_OCTETS
    if at < HEADER or not payload.startswith(FINGERPRINT, at):
        return False
    return payload[at + 4:] != fingerprint_of(payload[:at])


def _asked(attributes: bytes) -> Said | None:
    return _said(b"\x00\x01", attributes)


def _answered(attributes: bytes) -> Said | None:
    if len(attributes) == len(MAPPED) + IPV4_OCTETS and attributes.startswith(MAPPED):
        said = Said(NOTHING_BUT_SUCCESS)
        said.mapped = read_xor_address(attributes[4:], COOKIE)
        return said
    return _said(b"\x01\x01", attributes)


def _said(type_: bytes, attributes: bytes) -> Said | None:
    """What a message with these attributes says, whatever its transaction; None where that is not sure."""
    if attributes.startswith(stun.MS_MARK):
        return None
    try:
        message = stun.parse(type_ + len(attributes).to_bytes(2, "big") + COOKIE + NO_TRANSACTION + attributes)
    except Malformed:
        return None
    masked = any([len(each.value) == stun.IPV6_ADDRESS for each in message.attributes])
    return None if masked else Said(message)


def _request(message: stun.Message, kind: str, values: Mapping[str, object]) -> Request:
    name = values.get("USERNAME")
    username = name if isinstance(name, str) else None
    peers = _peers(message) if kind in GRANTING else ()
    return Request(username is not None, username, peers, message.lifetime)


def _peers(message: stun.Message) -> tuple[str, ...]:
    """The peers that a request of TURN names, each with its port but in a permission, which is for an address."""
    found = [each.decoded for each in message.attributes if each.name == "XOR-PEER-ADDRESS"]
    addresses = [each for each in found if isinstance(each, Address)][:MAX_PEERS_PER_CHECK]
    return tuple([str(each) if message.channel is not None else each.host for each in addresses])


def _kind(method: str, values: Mapping[str, object]) -> str:
    """A connectivity check carries the credentials of ICE; any other Binding asks a server or keeps a binding alive."""
    if method != "Binding":
        return method.lower()
    return "connectivity check" if values.get("USERNAME") or values.get("PRIORITY") is not None else "binding"
