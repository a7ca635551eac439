"""The parts of RTCP packets: sender information, report blocks, chunks and items, extended report blocks."""

from __future__ import annotations

import struct
from typing import Any

from scapy.contrib.rtcp import ReceptionReport as ScapyReceptionReport
from scapy.contrib.rtcp import SenderInfo as ScapySenderInfo
from scapy.fields import (
    ByteEnumField,
    ByteField,
    Field,
    FieldLenField,
    IntField,
    PacketListField,
    ShortField,
    StrField,
    StrLenField,
)
from scapy.packet import Packet
from scapy.volatile import RandNum

from dissectors.layers.layer import Layer, cut, optional
from dissectors.protocols.rtcp_reports import ITEMS, REPORT_BLOCK, SENDER_INFO
from dissectors.protocols.rtcp_xr import NAMES as XR_NAMES

BLOCK = REPORT_BLOCK
_SENDER_INFO = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IB3sIIII")


class Counted(StrField):
    """Octets after one that counts them; None takes no octet at all."""

    def addfield(self, pkt: Packet | None, s: bytes, val: Any) -> bytes:
        """The count and the octets."""
        octets = self.i2m(pkt, val)
        return s + bytes((len(octets),)) + octets


class Signed24Field(Field[int, bytes]):
    """A number of three octets with a sign."""

    def __init__(self, name: str, default: int) -> None:
        super().__init__(name, default, "3s")

    def addfield(self, pkt: Packet | None, s: bytes, val: int | None) -> bytes:
        """Three octets; a number from 2**23 on is taken for its unsigned form."""
        return s + ((val or 0) & 0xFFFFFF).to_bytes(3, "big")

    def getfield(self, pkt: Packet | None, s: bytes) -> tuple[bytes, int]:
        """The number, and the octets after it."""
        return s[3:], int.from_bytes(s[:3], "big", signed=True)

    def randval(self) -> Any:
        """Any number that fits, for `fuzz`."""
        return RandNum(-(1 << 23), (1 << 23) - 1)


class Part(Layer):
    """A piece of an RTCP packet: what follows it belongs to the packet."""

    __slots__ = ()

    def extract_padding(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """Everything that follows."""
        return b"", octets

    def mysummary(self) -> Any:
        """Nothing: RTCP speaks for it."""
        return ""


class SenderInfo(Part, ScapySenderInfo):
    """The sender information of a sender report (RFC 3550 section 6.4.1), with Scapy's fields."""

    name = "Sender info"
    match_subclass = True
    fields_desc = [*ScapySenderInfo.fields_desc, cut()]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read 20 octets."""
        if len(octets) < SENDER_INFO:
            return self.remember_cut(octets)
        ntp, timestamp, packets, count = _SENDER_INFO.unpack_from(octets)
        fields = {
            "ntp_timestamp": ntp,
            "rtp_timestamp": timestamp,
            "sender_packet_count": packets,
            "sender_octet_count": count,
        }
        self.remember(octets[:SENDER_INFO], fields)
        return octets[SENDER_INFO:]


class ReceptionReport(Part, ScapyReceptionReport):
    """A report block (RFC 3550 section 6.4.1), with Scapy's fields; the cumulative loss has its sign."""

    name = "Reception report"
    match_subclass = True
    fields_desc = [
        IntField("sourcesync", 0),
        ByteField("fraction_lost", 0),
        Signed24Field("cumulative_lost", 0),
        IntField("highest_seqnum_recv", 0),
        IntField("interarrival_jitter", 0),
        IntField("last_SR_timestamp", 0),
        IntField("delay_since_last_SR", 0),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read 24 octets."""
        if len(octets) < BLOCK:
            return self.remember_cut(octets)
        ssrc, fraction, lost, highest, jitter, last, delay = _BLOCK.unpack_from(octets)
        fields = {
            "sourcesync": ssrc,
            "fraction_lost": fraction,
            "cumulative_lost": int.from_bytes(lost, "big", signed=True),
            "highest_seqnum_recv": highest,
            "interarrival_jitter": jitter,
            "last_SR_timestamp": last,
            "delay_since_last_SR": delay,
        }
        self.remember(octets[:BLOCK], fields)
        return octets[BLOCK:]


class SDESItem(Part, Packet):
    """An item of SDES (RFC 3550 section 6.5): Scapy's gives the length a sign and one to the NUL that ends a chunk."""

    name = "SDES item"
    fields_desc = [
        ByteEnumField("chunk_type", 1, ITEMS),
        FieldLenField("length", None, fmt="B", length_of="value"),
        StrLenField("value", b"", length_from=lambda packet: packet.length, max_length=255),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read an item whose text is there, or as far as it is."""
        if len(octets) < 2:
            return self.remember_cut(octets)
        end = 2 + octets[1]
        self.remember(octets[:end], {"chunk_type": octets[0], "length": octets[1], "value": octets[2:end]})
        return octets[end:]


class SDESChunk(Part, Packet):
    """A chunk of SDES: a source, its items, and the NULs that end and align it (None: as many as it takes)."""

    name = "SDES chunk"
    fields_desc = [
        IntField("sourcesync", 0),
        PacketListField("items", [], SDESItem),
        optional(StrField("end", None)),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the chunk that `octets` are, all of them; items that do not fit are left in `end`."""
        if len(octets) < 4:
            return self.remember_cut(octets)
        at, items = 4, []
        while at + 2 <= len(octets) and octets[at]:
            stop = at + 2 + octets[at + 1]
            if stop > len(octets):
                break
            items.append(SDESItem(octets[at:stop], _internal=1))
            at = stop
        fields = {"sourcesync": int.from_bytes(octets[:4], "big"), "items": items, "end": octets[at:]}
        self.remember(octets, fields, ("items",))
        return b""

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Add the NULs that nobody gave."""
        if self.end is None and self.cut is None:
            octets += bytes(4 - len(octets) % 4)
        return octets + payload


def chunk_end(octets: bytes, at: int) -> int:
    """Where the chunk of SDES that begins at `at` ends: with the word that holds the NUL after its items."""
    start, at = at, at + 4
    while at < len(octets) and octets[at]:
        at += 2 + (octets[at + 1] if at + 1 < len(octets) else 0)
    return min(at + 4 - (at - start) % 4, len(octets))


class XRBlock(Part, Packet):
    """A block of an extended report (RFC 3611 section 3): `specific` is the octet whose meaning the type defines."""

    name = "XR block"
    fields_desc = [
        ByteEnumField("block_type", 4, XR_NAMES),
        ByteField("specific", 0),
        ShortField("length", None),
        StrField("data", b""),
        cut(),
    ]

    def do_dissect(self, octets: bytes) -> bytes:
        """Read the block that `octets` are, all of them."""
        if len(octets) < 4:
            return self.remember_cut(octets)
        length = int.from_bytes(octets[2:4], "big")
        fields = {"block_type": octets[0], "specific": octets[1], "length": length, "data": octets[4:]}
        self.remember(octets, fields)
        return b""

    def post_build(self, octets: bytes, payload: bytes) -> bytes:
        """Align the block and fill in its length where that is not given."""
        if self.length is None and self.cut is None:
            octets += bytes(-len(octets) % 4)
            octets = octets[:2] + (len(octets) // 4 - 1 & 0xFFFF).to_bytes(2, "big") + octets[4:]
        return octets + payload
