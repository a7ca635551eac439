"""The protocols with few fields: keep-alives, ChannelData, ZRTP, DTLS records and QUIC headers."""

from __future__ import annotations

from typing import Any

from scapy.config import conf
from scapy.fields import (
    BitField,
    ByteEnumField,
    ByteField,
    PacketListField,
    ShortEnumField,
    ShortField,
    StrField,
    StrFixedLenField,
    XIntField,
    XShortField,
)
from scapy.packet import Packet

from dissectors.layers.layer import Later, Layer, Octets, Trailed, cut, optional
from dissectors.protocols import dtls, keepalive, quic, turn, zrtp
from dissectors.protocols.dtls_names import CONTENT_TYPES, VERSIONS

MOST_RECORDS = 128
_CONNECTION_ID_RECORD = 25


class KeepAlive(Octets, Packet):
    """A datagram that only keeps a binding alive: CR LF, NULs."""

    name = "Keep-alive"
    spec = keepalive.SPEC
    fields_desc = [StrField("octets", b"\r\n\r\n")]


class TURN(Layer, Packet):
    """TURN ChannelData (RFC 8656 section 12.4); its payload is dissected as a datagram of its own.

    `session` stands in the framing of Skype and Teams alone, whose channel is 0xFF10; the length counts it too.
    """

    name = "TURN ChannelData"
    spec = turn.SPEC
    payload_guess = []
    fields_desc = [
        XShortField("channel", 0x4000),
        ShortField("length", None),
        optional(StrFixedLenField("session", None, turn.SESSION_OCTETS)),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read four octets, or twelve."""
        multiplexed = octets[:2] == turn.MULTIPLEXED
        end = turn.HEADER + (turn.SESSION_OCTETS if multiplexed else 0)
        if len(octets) < end:
            return self.remember_cut(octets)
        channel, length = int.from_bytes(octets[:2], "big"), int.from_bytes(octets[2:4], "big")
        session = octets[turn.HEADER : end] if multiplexed else None
        self.remember(octets[:end], {"channel": channel, "length": length, "session": session})
        return octets[end:]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """Whatever the table says; but what a channel within a channel carries stays Raw: Python's stack is finite."""
        return conf.raw_layer if isinstance(self.underlayer, TURN) else super().guess_payload_class(payload)

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """What the length does not count."""
        length = self.fields.get("length")
        if length is None:
            return octets, None
        length = max(0, length - len(self.fields.get("session") or b""))
        return octets[:length], octets[length:]

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Fill in the length."""
        if self.length is None and self.cut is None:
            length = len(octets) - turn.HEADER + len(payload)
            octets = octets[:2] + (length & 0xFFFF).to_bytes(2, "big") + octets[4:]
        return octets + payload


class ZRTP(Trailed, Packet):
    """A ZRTP packet (RFC 6189 section 5); the message after its type is the payload, `crc` is computed when None."""

    name = "ZRTP"
    spec = zrtp.SPEC
    payload_guess = []
    fields_desc = [
        BitField("version", 1, 4),
        BitField("reserved", 0, 12),
        ShortField("sequence", 0),
        XIntField("magic_cookie", zrtp.MAGIC_COOKIE),
        XIntField("sourcesync", 0),
        XShortField("preamble", zrtp.PREAMBLE),
        ShortField("length", None),
        StrFixedLenField("type", b"HelloACK", 8),
        optional(Later("crc", None)),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the header; the four octets after the message are the CRC, where they are the last."""
        if len(octets) < zrtp.SHORTEST:
            return self.remember_cut(octets)
        length = int.from_bytes(octets[14:16], "big")
        stop = zrtp.HEADER + 4 * length
        fields: dict[str, Any] = {
            "version": octets[0] >> 4,
            "reserved": int.from_bytes(octets[:2], "big") & 0x0FFF,
            "sequence": int.from_bytes(octets[2:4], "big"),
            "magic_cookie": int.from_bytes(octets[4:8], "big"),
            "sourcesync": int.from_bytes(octets[8:12], "big"),
            "preamble": int.from_bytes(octets[12:14], "big"),
            "length": length,
            "type": octets[16:24],
            "crc": octets[stop : stop + zrtp.CRC] if 24 <= stop == len(octets) - zrtp.CRC else b"",
        }
        self.remember(octets[:24], fields)
        return octets[24 : len(octets) - len(fields["crc"])]

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Fill in the length and the CRC."""
        if self.cut is not None:
            return octets + payload
        if self.length is None:
            octets = octets[:14] + (3 + len(payload) // 4 & 0xFFFF).to_bytes(2, "big") + octets[16:]
        octets += payload
        crc = self.fields.get("crc")
        return octets + (zrtp.crc32c(octets).to_bytes(4, "little") if crc is None else crc)


class DTLSRecord(Layer, Packet):
    """A record with the header of DTLS 1.0 and 1.2 (RFC 6347 section 4.1)."""

    name = "DTLS record"
    spec = dtls.SPEC
    fields_desc = [
        ByteEnumField("content_type", 22, CONTENT_TYPES),
        ShortEnumField("version", 0xFEFD, VERSIONS),
        ShortField("epoch", 0),
        BitField("sequence", 0, 48),
        ShortField("length", None),
        StrField("fragment", b""),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the record that `octets` are, all of them."""
        if len(octets) < dtls.HEADER:
            return self.remember_cut(octets)
        fields = {
            "content_type": octets[0],
            "version": int.from_bytes(octets[1:3], "big"),
            "epoch": int.from_bytes(octets[3:5], "big"),
            "sequence": int.from_bytes(octets[5:11], "big"),
            "length": int.from_bytes(octets[11:13], "big"),
            "fragment": octets[13:],
        }
        self.remember(octets, fields)
        return b""

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Fill in the length."""
        if self.length is None and self.cut is None:
            octets = octets[:11] + (len(octets) - dtls.HEADER & 0xFFFF).to_bytes(2, "big") + octets[13:]
        return octets + payload

    def mysummary(self) -> Any:
        """Nothing: the datagram speaks for it."""
        return ""


class DTLS(Layer, Packet):
    """The DTLS records of a datagram. Those with the unified header of DTLS 1.3, or with a connection identifier, do
    not say where they end: they and what follows are the payload, and `message` reads them.
    """

    name = "DTLS"
    spec = dtls.SPEC
    payload_guess = []
    fields_desc = [PacketListField("records", [], DTLSRecord)]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the records that are whole."""
        records: list[DTLSRecord] = []
        at = 0
        while at + dtls.HEADER <= len(octets) and len(records) < MOST_RECORDS:
            end = at + dtls.HEADER + int.from_bytes(octets[at + 11 : at + 13], "big")
            if octets[at] not in CONTENT_TYPES or octets[at] == _CONNECTION_ID_RECORD or end > len(octets):
                break
            records.append(DTLSRecord(octets[at:end], _internal=1, _parent=self))
            at = end
        self.remember(octets[:at], {"records": records}, ("records",))
        return octets[at:]


class QUIC(Layer, Packet):
    """A QUIC header as far as every version has it (RFC 8999): what follows is the payload.

    A short header has its first octet alone. `message` names version and type.
    """

    name = "QUIC"
    spec = quic.SPEC
    payload_guess = []
    fields_desc = [ByteField("first", 0x40), optional(XIntField("version", None))]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the first octet, and the version after that of a long header."""
        end = 5 if octets[0] & 0x80 and len(octets) >= 5 else 1
        fields: dict[str, Any] = {"first": octets[0]}
        if end == 5:
            fields["version"] = int.from_bytes(octets[1:5], "big")
        self.remember(octets[:end], fields)
        return octets[end:]
