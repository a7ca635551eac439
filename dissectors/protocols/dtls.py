"""DTLS records and handshake messages (RFC 6347, RFC 9147)."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dissectors.protocols.dtls_names import CONTENT_TYPES, HANDSHAKE_TYPES, version_name
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, Between, Bits, Chain, LengthField, Spec, certain, plausible
from dissectors.wire.tls_names import ALERT_LEVELS, alert_name
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.protocols.dtls_bodies import Hello
    from dissectors.protocols.dtls_handshake import Handshake

HEADER = 13
MOST_CONNECTION_ID = 20
MAX_PADDING = 3
"""Octets of zero behind the records: relays pad what they carry to a multiple of four (RFC 8656 section 12.5)."""

ALERT, HANDSHAKE, CID_RECORD = 21, 22, 25


class Alert(Struct, frozen=True):
    """An alert in the clear (RFC 5246 section 7.2)."""

    level: int
    description: int

    @property
    def text(self) -> str:
        """Level and description in words."""
        level = ALERT_LEVELS.get(self.level, f"level {self.level}")
        return f"Alert ({level}, {alert_name(self.description)})"


class Record(Struct, frozen=True):
    """One record (RFC 6347 section 4.1, RFC 9147 section 4).

    `unified` marks the header of DTLS 1.3: it hides its content type and its sequence number, which are then None, as
    is `version`; `epoch` has only the two low bits. `connection_id` is guessed from the record's length in a record of
    type 25 and unknown (None) in a unified header that has one; `fragment` then begins with it. `encrypted` records
    have neither handshakes nor an alert. `header` are the octets of a unified header.
    """

    content_type: int | None
    version: int | None
    epoch: int
    sequence: int | None
    length: int
    fragment: bytes
    unified: bool
    connection_id: bytes | None
    handshakes: tuple[Handshake, ...]
    alert: Alert | None
    header: bytes = b""

    @property
    def encrypted(self) -> bool:
        """Whether the record's content is hidden: every epoch after the first."""
        return self.epoch != 0 or self.unified

    @property
    def name(self) -> str:
        """The content type's name, or its number."""
        if self.content_type is None:
            return "record of DTLS 1.3"
        return CONTENT_TYPES.get(self.content_type, f"content type {self.content_type}")

    @property
    def text(self) -> str:
        """A summary for a list."""
        if self.encrypted:
            return f"{self.name} (encrypted, {self.length} bytes)"
        inner = [each.text for each in self.handshakes] + ([self.alert.text] if self.alert else [])
        return ", ".join(inner) or self.name


class Message(Struct, frozen=True):
    """All the records of a datagram, in order.

    `messages` are the handshake messages in the clear that are whole in this datagram, fragments put together.
    """

    records: tuple[Record, ...]
    messages: tuple[Handshake, ...]
    deviations: tuple[str, ...]

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        """The handshake messages in the clear, and fragments of them, as the records have them."""
        return tuple(each for record in self.records for each in record.handshakes)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The alerts in the clear."""
        return tuple(record.alert for record in self.records if record.alert)

    @property
    def client_hello(self) -> Hello | None:
        """The ClientHello, if it is here in whole."""
        return self._hello(1)

    @property
    def server_hello(self) -> Hello | None:
        """The ServerHello, if it is here in whole."""
        return self._hello(2)

    def _hello(self, type_: int) -> Hello | None:
        from dissectors.protocols.dtls_bodies import Hello

        bodies = (each.body for each in self.messages if each.type == type_)
        return next((body for body in bodies if isinstance(body, Hello)), None)

    @property
    def certificate_fingerprint(self) -> str | None:
        """SHA-256 of the sender's certificate as `a=fingerprint` writes it, where this datagram holds all of it."""
        from dissectors.protocols.dtls_bodies import Certificate

        bodies = (each.body for each in self.messages)
        return next((body.fingerprint for body in bodies if isinstance(body, Certificate)), None)

    @property
    def encrypted(self) -> bool:
        """Whether no record is in the clear."""
        return all(record.encrypted for record in self.records)

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        version = next((each.version for each in self.records if each.version is not None), None)
        texts = [each.text for each in self.records[:8]]
        more = [f"{len(self.records) - 8} more records"] if len(self.records) > 8 else []
        return f"{'DTLS 1.3' if version is None else version_name(version)}, {', '.join(texts + more)}"


def parse(payload: bytes) -> Message:
    """Read all records of a datagram; handshake messages and alerts where they are in the clear.

    Raises `Malformed` where a record, a handshake message or a vector within it does not fit, or what is there is no
    record.
    """
    # Captures without DTLS need nothing of it.
    from dissectors.protocols.dtls_handshake import assemble

    if not payload:
        raise Malformed("DTLS", 0, "no bytes")
    records: list[Record] = []
    end = 0
    while end < len(payload) and not (records and is_padding(payload[end:])):
        record, end = _next(payload, end)
        records.append(record)
    messages = assemble(each for record in records for each in record.handshakes)
    return Message(tuple(records), messages, tuple(_deviations(records, len(payload) - end)))


def names(payload: bytes) -> list[str]:
    """The names of the handshake messages with which a datagram begins, however much of it is there."""
    found: dict[str, None] = {}
    at = 0
    while at + HEADER < len(payload) and payload[at] == HANDSHAKE and not any(payload[at + 3:at + 5]):
        length = int.from_bytes(payload[at + 11:at + HEADER], "big")
        kind = payload[at + HEADER]
        found[HANDSHAKE_TYPES.get(kind, f"handshake type {kind}")] = None
        at += HEADER + length
    return list(found)


def is_padding(left: bytes) -> bool:
    """Whether what is behind whole records is what a relay adds."""
    return len(left) <= MAX_PADDING and not any(left)


def _deviations(records: list[Record], padding: int) -> Iterator[str]:
    for version in dict.fromkeys(record.version for record in records):
        if version is not None and version >> 8 != 0xFE:
            yield f"a record has {version_name(version)}"
    if padding:
        yield f"{padding} bytes of padding follow the records"


def _next(payload: bytes, offset: int) -> tuple[Record, int]:
    """The record that begins at an octet, and where it ends."""
    if payload[offset] >> 5 == 1:
        return _unified(payload, offset)
    if payload[offset] in CONTENT_TYPES:
        return _record(payload, offset)
    raise Malformed("DTLS", offset, f"{payload[offset]} is no content type")


def _record(payload: bytes, offset: int) -> tuple[Record, int]:
    from dissectors.protocols.dtls_handshake import read_handshakes

    left = len(payload) - offset
    if left < HEADER:
        raise Malformed("DTLS", offset, f"a record's header needs {HEADER} bytes, {left} are left")
    content_type, epoch = payload[offset], int.from_bytes(payload[offset + 3:offset + 5], "big")
    identifier = _connection_id(payload, offset) if content_type == CID_RECORD else b""
    start = offset + HEADER + len(identifier)
    length = int.from_bytes(payload[start - 2:start], "big")
    end = start + length
    if end > len(payload):
        raise Malformed("DTLS", start - 2, f"a record needs {length} bytes, {len(payload) - start} are left")
    fragment = payload[start:end]
    clear = epoch == 0
    record = Record(
        content_type=content_type,
        version=int.from_bytes(payload[offset + 1:offset + 3], "big"),
        epoch=epoch,
        sequence=int.from_bytes(payload[offset + 5:offset + 11], "big"),
        length=length,
        fragment=fragment,
        unified=False,
        connection_id=identifier or None,
        handshakes=tuple(read_handshakes(fragment, start)) if clear and content_type == HANDSHAKE else (),
        alert=_alert(fragment, start) if clear and content_type == ALERT else None,
    )
    return record, end


def _connection_id(payload: bytes, offset: int) -> bytes:
    """The connection identifier of a record, whose size only its owner knows: the one that ends with the datagram."""
    start = offset + HEADER - 2
    for size in range(MOST_CONNECTION_ID + 1):
        end = start + size + 2
        if end <= len(payload) and end + int.from_bytes(payload[end - 2:end], "big") == len(payload):
            return payload[start:start + size]
    return b""


def _unified(payload: bytes, offset: int) -> tuple[Record, int]:
    """A record with the unified header 001CSLEE (RFC 9147 section 4)."""
    first = payload[offset]
    start = offset + 1 + (2 if first & 0x08 else 1)
    has_identifier, has_length = bool(first & 0x10), bool(first & 0x04)
    # An identifier of unknown size hides the length behind it.
    if has_length and not has_identifier:
        start += 2
    if start > len(payload):
        left = len(payload) - offset
        raise Malformed("DTLS", offset, f"a unified header needs {start - offset} bytes, {left} are left")
    end = len(payload)
    if has_length and not has_identifier:
        end = start + int.from_bytes(payload[start - 2:start], "big")
    if end > len(payload):
        raise Malformed("DTLS", start - 2, f"a record needs {end - start} bytes, {len(payload) - start} are left")
    identifier = None if has_identifier else b""
    header, fragment = payload[offset:start], payload[start:end]
    record = Record(None, None, first & 0x03, None, end - start, fragment, True, identifier, (), None, header)
    return record, end


def _alert(fragment: bytes, place: int) -> Alert:
    if len(fragment) < 2:
        raise Malformed("DTLS", place, f"an alert needs 2 bytes, {len(fragment)} are here")
    return Alert(fragment[0], fragment[1])


SPEC = Spec(
    name="DTLS",
    match=(
        certain(
            "content type, version 254.x and a chain of whole records",
            AtLeast(13),
            # A chain holds as far as the capture goes: the first length must be there, or cut datagrams all pass.
            LengthField(11, 1, 13, 65535),
            Chain(0, 11, 1, 13, 1, (Between(0, 1, 20, 26), Bits(1, 0xFF, 0xFE)), MAX_PADDING),
        ),
        certain(
            "content type, version 1.0 as OpenSSL had it before the standard, and a chain of whole records",
            AtLeast(13),
            LengthField(11, 1, 13, 65535),
            Bits(2, 0xFF, 0x00),
            Chain(0, 11, 1, 13, 1, (Between(0, 1, 20, 24), Bits(1, 0xFF, 0x01)), MAX_PADDING),
        ),
        # DTLS 1.3 puts records of both kinds into one datagram (RFC 9147 section 4.3), and an identifier hides lengths.
        plausible(
            "content type, version 254.x and a first record that fits",
            AtLeast(13),
            Between(0, 1, 20, 26),
            Bits(1, 0xFF, 0xFE),
            LengthField(11, 1, 13, 65535),
        ),
        plausible(
            "a record with a connection identifier (RFC 9146)",
            AtLeast(22),
            Bits(0, 0xFF, 25),
            Bits(1, 0xFF, 0xFE),
            encrypted=True,
        ),
        plausible("unified header of DTLS 1.3", AtLeast(18), Bits(0, 0xE0, 0x20), encrypted=True),
    ),
    parse=parse,
    role="path",
    reported=True,
    wireshark="dtls",
    colour="magenta",
)
