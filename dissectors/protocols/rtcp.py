"""RTCP (RFC 3550 section 6, RFC 4585, RFC 3611) and SRTCP as far as it is in the clear (RFC 3711)."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dissectors.protocols.rtcp_feedback import PAYLOAD, TRANSPORT, Feedback, read_feedback
from dissectors.protocols.rtcp_reports import (
    DESCRIPTION,
    GOODBYE,
    HEADER,
    RECEIVER_REPORT,
    SENDER_REPORT,
    App,
    Bye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    read_app,
    read_bye,
    read_receiver_report,
    read_sender_report,
    read_source_description,
)
from dissectors.protocols.rtcp_xr import ExtendedReport, read_extended_report
from dissectors.wire.errors import Malformed
from dissectors.wire.spec import AtLeast, Between, Bits, Chain, LengthField, Spec, certain, plausible
from dissectors.wire.values import Struct

__all__ = [
    "HEADER", "App", "Bye", "Compound", "ExtendedReport", "Feedback", "Packet", "ReceiverReport", "ReportBlock",
    "SenderReport", "SourceDescription", "Unknown", "encrypted", "ntp_nanoseconds", "parse",
]

LOWEST, HIGHEST = 192, 223
SRTCP_INDEX = 4
MAX_PADDING = 3
"""Octets behind a compound that relays add (RFC 8656 section 12.5); SRTCP adds at least eight (RFC 3711)."""
NTP_EPOCH = 2_208_988_800

NAMES: dict[int, str] = {
    192: "FIR (RFC 2032)",
    193: "NACK (RFC 2032)",
    195: "IJ",
    200: "SR",
    201: "RR",
    202: "SDES",
    203: "BYE",
    204: "APP",
    205: "RTPFB",
    206: "PSFB",
    207: "XR",
    208: "AVB",
    209: "RSI",
    210: "TOKEN",
    211: "IDMS",
    212: "RGRS",
    213: "SNM",
}


class Unknown(Struct, frozen=True):
    """A packet of a type that is not decoded: the five bits after the padding bit, and the octets after the header.

    `ssrc` is the first word, as in every packet that is defined; None without one.
    """

    packet_type: int
    count: int
    ssrc: int | None
    data: bytes

    @property
    def name(self) -> str:
        """The registered abbreviation, or the number."""
        return NAMES.get(self.packet_type, f"packet type {self.packet_type}")

    @property
    def text(self) -> str:
        """A summary for a list."""
        return self.name


Packet = SenderReport | ReceiverReport | SourceDescription | Bye | App | Feedback | ExtendedReport | Unknown


class Compound(Struct, frozen=True):
    """The RTCP packets of one datagram.

    `packet_type` and `ssrc` are those of the first packet, which SRTCP leaves in the clear (RFC 3711 section 3.4);
    `packets` is empty where `encrypted`. `ssrc` is None where the first packet names no source.
    """

    packet_type: int
    ssrc: int | None
    packets: tuple[Packet, ...]
    encrypted: bool
    deviations: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line for a list of datagrams."""
        source = [] if self.ssrc is None else [f"SSRC 0x{self.ssrc:08X}"]
        if self.encrypted:
            first = NAMES.get(self.packet_type, f"packet type {self.packet_type}")
            return ", ".join([f"SRTCP, first packet {first}", *source])
        more = [f"{len(self.packets) - 8} more packets"] if len(self.packets) > 8 else []
        return "RTCP " + ", ".join([each.text for each in self.packets[:8]] + more + source)


def ntp_nanoseconds(ntp: int) -> int | None:
    """Nanoseconds since the Unix epoch for a 64-bit NTP time of its first era (until 2036); None for 0, "no clock".

    RFC 3550 section 6.4.1 lets a sender count from when it started: the result is then a few days after 1900, and
    negative.
    """
    if not ntp:
        return None
    return (ntp >> 32) * 1_000_000_000 + ((ntp & 0xFFFFFFFF) * 1_000_000_000 >> 32) - NTP_EPOCH * 1_000_000_000


def parse(payload: bytes) -> Compound:
    """Read an RTCP compound, or what SRTCP leaves in the clear.

    It is taken for SRTCP when the first packet names its source and leaves room for an SRTCP index, and what follows
    does not continue the compound to the last octet; a compound that is authenticated only looks the same. But where
    the rest begins like a packet of the same source, it is a compound that was cut short. Raises `Malformed` for
    that, for a first packet that does not fit, and for packets of a whole compound whose content does not fit.
    """
    places, end = _chain(payload)
    if not places:
        raise _misfit_of_first(payload)
    padding = len(payload) - end
    misfit = _misfit(payload, places[0][1], end) if padding else ""
    if misfit:
        raise Malformed("RTCP", end, misfit)
    if padding > MAX_PADDING:
        return Compound(payload[1], int.from_bytes(payload[4:8], "big"), (), True, ())
    packets = tuple([_packet(payload, start, stop) for start, stop in places])
    padded = len(places) > 1 and any([payload[start] & 0x20 for start, _ in places[:-1]])
    deviations = _deviations(packets, padded)
    if padding:
        deviations += (f"{padding} bytes follow the compound",)
    return Compound(payload[1], packets[0].ssrc, packets, False, deviations)


def _misfit_of_first(payload: bytes) -> Malformed:
    """Why there is not even one whole packet."""
    if len(payload) < HEADER:
        return Malformed("RTCP", len(payload), f"a header has {HEADER} bytes, {len(payload)} are here")
    if payload[0] >> 6 != 2:
        return Malformed("RTCP", 0, f"version {payload[0] >> 6}, not 2")
    if not LOWEST <= payload[1] <= HIGHEST:
        return Malformed("RTCP", 1, f"{payload[1]} is no packet type of RTCP")
    size = HEADER + 4 * int.from_bytes(payload[2:4], "big")
    return Malformed("RTCP", 2, f"the first packet has {size} bytes, {len(payload)} are here")


def _chain(payload: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where the packets of the compound lie, and where they end."""
    places = []
    offset = 0
    while offset + HEADER <= len(payload):
        end = offset + HEADER + 4 * (payload[offset + 2] << 8 | payload[offset + 3])
        if payload[offset] >> 6 != 2 or not LOWEST <= payload[offset + 1] <= HIGHEST or end > len(payload):
            break
        places.append((offset, end))
        offset = end
    return places, offset


def encrypted(payload: bytes) -> bool:
    """Whether this is SRTCP as `parse` decides it; False for what `parse` refuses. Raises nothing."""
    places, end = _chain(payload)
    return bool(places) and end + MAX_PADDING < len(payload) and not _misfit(payload, places[0][1], end)


def _misfit(payload: bytes, first_end: int, end: int) -> str:
    """Why the octets after `end` can be neither packets of the compound nor SRTCP's; empty where they can."""
    if len(payload) - end <= MAX_PADDING:
        return f"the last packet is cut short: {len(payload) - end} bytes are left" if payload[end] >> 6 == 2 else ""
    if first_end < 8 or len(payload) - first_end < SRTCP_INDEX:
        return f"{len(payload) - end} bytes are neither a packet nor the end of SRTCP"
    left = payload[end:end + 8]
    if len(left) == 8 and left[0] >> 6 == 2 and LOWEST <= left[1] <= HIGHEST and left[4:] == payload[4:8]:
        return f"the last packet is cut short: {len(payload) - end} bytes are left"
    return ""


def _deviations(packets: tuple[Packet, ...], padded: bool) -> tuple[str, ...]:
    found = ["a packet before the last has padding"] if padded else []
    open_ended = False
    for packet in packets:
        kind = type(packet)
        if kind is SenderReport or kind is ReceiverReport:
            continue
        if isinstance(packet, Feedback) and packet.misfit:
            found.append(f"{packet.name}: {packet.misfit}")
        elif isinstance(packet, SourceDescription):
            open_ended = open_ended or not all([chunk.terminated for chunk in packet.chunks])
    if open_ended:
        found.append("no NUL ends the items of an SDES chunk")
    return tuple(found)


def _packet(payload: bytes, start: int, end: int) -> Packet:
    count, packet_type = payload[start] & 0x1F, payload[start + 1]
    place = start + HEADER
    body = payload[place:end]
    if payload[start] & 0x20:
        body = _without_padding(body, end)
    reader = READERS.get(packet_type)
    if reader is None:
        return Unknown(packet_type, count, int.from_bytes(body[:4], "big") if len(body) >= 4 else None, body)
    return reader(count, body, place)


def _without_padding(body: bytes, end: int) -> bytes:
    count = body[-1] if body else 0
    if not 0 < count <= len(body):
        raise Malformed("RTCP", end - 1, f"{count} bytes of padding in a body of {len(body)}")
    return body[:-count]


READERS: dict[int, Callable[[int, bytes, int], Packet]] = {
    SENDER_REPORT: read_sender_report,
    RECEIVER_REPORT: read_receiver_report,
    DESCRIPTION: read_source_description,
    GOODBYE: read_bye,
    204: read_app,
    TRANSPORT: partial(read_feedback, TRANSPORT),
    PAYLOAD: partial(read_feedback, PAYLOAD),
    207: lambda count, body, place: read_extended_report(body, place),
}
"""Packet type → how the octets after the header are read."""


_VERSION_2 = Bits(0, 0xC0, 0x80)

SPEC = Spec(
    name="RTCP",
    match=(
        certain(
            "packet types 200 to 211 in a compound whose lengths fit exactly",
            AtLeast(8),
            # A chain holds as far as the capture goes: the first length must be there, or cut datagrams all pass.
            LengthField(2, 4, 4, 65535),
            Chain(0, 2, 4, 4, 4, (_VERSION_2, Between(1, 1, 200, 211)), MAX_PADDING),
        ),
        plausible(
            "a packet type of RTCP's range in a compound whose lengths fit exactly",
            AtLeast(4),
            LengthField(2, 4, 4, 65535),
            Chain(0, 2, 4, 4, 4, (_VERSION_2, Between(1, 1, 192, 223)), MAX_PADDING),
        ),
        plausible(
            "a packet type of RTCP's range and a first length that leaves less than SRTCP adds",
            AtLeast(8),
            _VERSION_2,
            Between(1, 1, 192, 223),
            LengthField(2, 4, 4, MAX_PADDING),
        ),
        plausible(
            "a packet type of RTCP's range and a first length that fits",
            AtLeast(12),
            _VERSION_2,
            Between(1, 1, 192, 223),
            LengthField(2, 4, 4, 65535),
            encrypted=True,
            wireshark="srtcp",
        ),
    ),
    parse=parse,
    role="media",
    reported=True,
    wireshark="rtcp",
    layers=("srtcp",),
    colour="blue",
)
