"""RTCP (RFC 3550 section 6, RFC 4585, RFC 3611): the packets of a compound, one layer each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scapy.contrib.rtcp import RTCP as ScapyRTCP
from scapy.fields import (
    BitField,
    ByteEnumField,
    FieldListField,
    IntField,
    PacketField,
    PacketListField,
    ShortField,
    StrField,
    StrFixedLenField,
)
from scapy.packet import Packet

from dissectors.layers.feedback import write_nack, write_remb, write_transport_wide
from dissectors.layers.layer import Layer, Mark, When, cut, optional
from dissectors.layers.rtcp_parts import (
    BLOCK,
    Counted,
    ReceptionReport,
    SDESChunk,
    SenderInfo,
    XRBlock,
    chunk_end,
)
from dissectors.protocols import rtcp
from dissectors.protocols.rtcp_feedback import Feedback, read_feedback
from dissectors.protocols.rtcp_reports import SENDER_INFO
from dissectors.wire.errors import Malformed

MOST_PACKETS = 32
"""How many packets of a compound become layers: each is the payload of the one before, and Python's stack is finite."""

MOST_BLOCKS = 128
"""How many blocks of an extended report become packets of their own; the others are data."""

PARTS: dict[int, tuple[str, ...]] = {
    200: ("sourcesync", "sender_info", "report_blocks"),
    201: ("sourcesync", "report_blocks"),
    202: ("sdes_chunks",),
    203: ("sources", "reason"),
    204: ("sourcesync", "application"),
    205: ("sourcesync", "media_sourcesync"),
    206: ("sourcesync", "media_sourcesync"),
    207: ("sourcesync", "blocks"),
}
"""Packet type → the fields that stand between the header and `data`."""

COUNTS = {200: "report_blocks", 201: "report_blocks", 202: "sdes_chunks", 203: "sources"}
"""Packet type → what the count in the header counts."""

ENCRYPTED = ("sourcesync",)


def _parts(packet: Packet) -> tuple[str, ...]:
    kind = packet.getfieldval("packet_type")
    return ENCRYPTED if packet.fields.get("encrypted") else PARTS.get(kind, ()) if isinstance(kind, int) else ()


def _part(field: Any) -> When:
    """A field of those packet types that have it; None where the packet is too short for it."""
    name = field.name
    return When(field, lambda packet: name in _parts(packet) and packet.getfieldval(name) is not None)


class RTCP(Layer, ScapyRTCP):
    """One packet of a compound; the next one is its payload. Scapy's class is also found in it.

    Scapy's reads only SR, RR and SDES, takes the length of a compound for that of its first packet, reads the octets
    that end and align a chunk of SDES as items, loses the sign of the cumulative loss and fails on a packet that is
    cut. Here every packet type has fields; `data` are the octets that follow them: the control information of a
    feedback message (`control` decodes it), the data of an APP, a profile's extension, padding, or all there is of an
    unknown type. What does not fit its count or length is there too. `encrypted` marks SRTCP: its packets cannot be
    separated, so all but the first eight octets are payload.
    """

    name = "RTCP"
    match_subclass = True
    spec = rtcp.SPEC
    payload_guess = []
    fields_desc = [
        BitField("version", 2, 2),
        BitField("padding", 0, 1),
        BitField("count", None, 5),
        ByteEnumField("packet_type", 201, rtcp.NAMES),
        ShortField("length", None),
        _part(IntField("sourcesync", 0)),
        _part(PacketField("sender_info", SenderInfo(), SenderInfo)),
        _part(PacketListField("report_blocks", [], ReceptionReport)),
        _part(PacketListField("sdes_chunks", [], SDESChunk)),
        _part(FieldListField("sources", [], IntField("ssrc", 0))),
        _part(Counted("reason", None)),
        _part(StrFixedLenField("application", b"", 4)),
        _part(IntField("media_sourcesync", 0)),
        _part(PacketListField("blocks", [], XRBlock)),
        When(StrField("data", b""), lambda packet: bool(packet.getfieldval("data"))),
        optional(Mark("encrypted", None)),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read one packet; what comes back is the rest of the compound."""
        if len(octets) < rtcp.HEADER:
            return self.remember_cut(octets)
        first, packet_type = octets[0], octets[1]
        length = int.from_bytes(octets[2:4], "big")
        fields: dict[str, Any] = {
            "version": first >> 6,
            "padding": first >> 5 & 1,
            "count": first & 0x1F,
            "packet_type": packet_type,
            "length": length,
        }
        if not isinstance(self.underlayer, RTCP) and rtcp.encrypted(octets):
            fields.update(sourcesync=int.from_bytes(octets[4:8], "big"), data=b"", encrypted=True)
            self.remember(octets[:8], fields)
            return octets[8:]
        end = min(rtcp.HEADER + 4 * length, len(octets))
        reader = READERS.get(packet_type)
        at = reader(fields, octets[:end]) if reader else rtcp.HEADER
        fields["data"] = octets[at:end]
        self.remember(octets[:end], fields, [name for name in MUTABLE if name in fields])
        return octets[end:]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        """The next packet of the compound, within bounds; otherwise what was bound to Scapy's class, or Raw."""
        likely = len(payload) >= rtcp.HEADER and rtcp.LOWEST <= payload[1] <= rtcp.HIGHEST
        if likely and not self.fields.get("encrypted"):
            depth, below = 1, self.underlayer
            while isinstance(below, RTCP):
                depth, below = depth + 1, below.underlayer
            if depth < MOST_PACKETS:
                return RTCP
        return super().guess_payload_class(payload)

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Align the packet where its length is not given, and fill in count and length."""
        if self.fields.get("cut") is not None:
            return octets + payload
        if self.count is None:
            counted = self.getfieldval(COUNTS[self.packet_type]) if self.packet_type in COUNTS else ()
            octets = bytes((octets[0] | len(counted) & 0x1F,)) + octets[1:]
        if self.length is None:
            octets += bytes(-len(octets) % 4)
            octets = octets[:2] + (len(octets) // 4 - 1 & 0xFFFF).to_bytes(2, "big") + octets[4:]
        return octets + payload

    @classmethod
    def nack(cls, sender: int, media: int, sequences: Iterable[int]) -> RTCP:
        """A generic NACK: `sender` misses these sequence numbers, which are in order, of `media`."""
        return cls._about(205, 1, sender, media, write_nack(sequences))

    @classmethod
    def pli(cls, sender: int, media: int) -> RTCP:
        """A picture loss indication: `sender` asks `media` for a picture that needs no other."""
        return cls._about(206, 1, sender, media, b"")

    @classmethod
    def remb(cls, sender: int, bitrate: int, sources: Iterable[int]) -> RTCP:
        """REMB: `sender` estimates so many bits per second for these sources together."""
        return cls._about(206, 15, sender, 0, write_remb(bitrate, sources))

    @classmethod
    def transport_wide(
        cls, sender: int, media: int, arrivals: Mapping[int, int | None], feedback_count: int = 0
    ) -> RTCP:
        """Transport-wide feedback: when each packet arrived, in microseconds by its number; None for one that did not.

        Raises ValueError where there is no packet, or where two arrived too far apart for it.
        """
        return cls._about(205, 15, sender, media, write_transport_wide(arrivals, feedback_count))

    @classmethod
    def _about(cls, packet_type: int, format_: int, sender: int, media: int, data: bytes) -> RTCP:
        return cls(packet_type=packet_type, count=format_, sourcesync=sender, media_sourcesync=media, data=data)

    @property
    def control(self) -> Any:
        """The content of a feedback message (205, 206) by `dissectors.protocols.rtcp_feedback`; None elsewhere.

        Raises `Malformed` where the message does not name its two sources.
        """
        return self.feedback.control if self.packet_type in (205, 206) else None

    @property
    def feedback(self) -> Feedback:
        """The whole feedback message; raises `Malformed` where this is none, or names no two sources."""
        if self.packet_type not in (205, 206):
            raise Malformed("RTCP", 1, f"packet type {self.packet_type} is no feedback")
        octets = self.self_build()
        return read_feedback(self.packet_type, octets[0] & 0x1F, octets[4:], 4)

    def mysummary(self) -> Any:
        """The whole compound in one line, from its first packet."""
        return "" if isinstance(self.underlayer, RTCP) else super().mysummary()


def _reports(fields: dict[str, Any], octets: bytes, at: int) -> int:
    end: int = at + BLOCK * min(fields["count"], (len(octets) - at) // BLOCK)
    fields["report_blocks"] = [ReceptionReport(octets[i : i + BLOCK], _internal=1) for i in range(at, end, BLOCK)]
    return end


def _source(fields: dict[str, Any], octets: bytes) -> int:
    """The source after the header; where it is cut, its place stays empty and the octets are data."""
    if len(octets) < 8:
        fields["sourcesync"] = None
        return 4
    fields["sourcesync"] = int.from_bytes(octets[4:8], "big")
    return 8


def _sender_report(fields: dict[str, Any], octets: bytes) -> int:
    at = _source(fields, octets)
    if len(octets) < at + SENDER_INFO:
        fields.update(sender_info=None, report_blocks=[])
        return at
    fields["sender_info"] = SenderInfo(octets[at : at + SENDER_INFO], _internal=1)
    return _reports(fields, octets, at + SENDER_INFO)


def _receiver_report(fields: dict[str, Any], octets: bytes) -> int:
    return _reports(fields, octets, _source(fields, octets))


def _source_description(fields: dict[str, Any], octets: bytes) -> int:
    chunks: list[SDESChunk] = []
    at = 4
    while len(chunks) < fields["count"] and len(octets) - at >= 4:
        end = chunk_end(octets, at)
        chunks.append(SDESChunk(octets[at:end], _internal=1))
        at = end
    fields["sdes_chunks"] = chunks
    return at


def _bye(fields: dict[str, Any], octets: bytes) -> int:
    end: int = 4 + 4 * min(fields["count"], len(octets) // 4 - 1)
    fields["sources"] = [int.from_bytes(octets[at : at + 4], "big") for at in range(4, end, 4)]
    fields["reason"] = None
    if end < len(octets) and end + 1 + octets[end] <= len(octets):
        fields["reason"] = octets[end + 1 : end + 1 + octets[end]]
        end += 1 + octets[end]
    return end


def _application(fields: dict[str, Any], octets: bytes) -> int:
    at = _source(fields, octets)
    if len(octets) < 12:
        fields["application"] = None
        return at
    fields["application"] = octets[8:12]
    return 12


def _feedback(fields: dict[str, Any], octets: bytes) -> int:
    at = _source(fields, octets)
    if len(octets) < 12:
        fields["media_sourcesync"] = None
        return at
    fields["media_sourcesync"] = int.from_bytes(octets[8:12], "big")
    return 12


def _extended_report(fields: dict[str, Any], octets: bytes) -> int:
    at, blocks = _source(fields, octets), list[XRBlock]()
    while at + 4 <= len(octets) and len(blocks) < MOST_BLOCKS:
        end = at + 4 + 4 * int.from_bytes(octets[at + 2 : at + 4], "big")
        if end > len(octets):
            break
        blocks.append(XRBlock(octets[at:end], _internal=1))
        at = end
    fields["blocks"] = blocks
    return at


READERS: dict[int, Callable[[dict[str, Any], bytes], int]] = {
    200: _sender_report,
    201: _receiver_report,
    202: _source_description,
    203: _bye,
    204: _application,
    205: _feedback,
    206: _feedback,
    207: _extended_report,
}
"""Packet type → what reads its fields from the octets of one packet, and says where `data` begins."""

MUTABLE = ("sender_info", "report_blocks", "sdes_chunks", "sources", "blocks")
