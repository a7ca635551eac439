"""Extended reports of RTCP (RFC 3611)."""
from __future__ import annotations

import struct
from collections.abc import Callable

from dissectors.wire.errors import Malformed
from dissectors.wire.values import Struct

NAMES: dict[int, str] = {
    1: "Loss RLE",
    2: "Duplicate RLE",
    3: "Packet Receipt Times",
    4: "Receiver Reference Time",
    5: "DLRR",
    6: "Statistics Summary",
    7: "VoIP Metrics",
    8: "XNQ",
    9: "TI Extended VoIP Quality",
    10: "Post-repair Loss RLE",
    11: "Multicast Acquisition",
    12: "IDMS",
    13: "ECN Summary",
    14: "Measurement Information",
    15: "Packet Delay Variation",
    16: "Delay Metrics",
    17: "Burst/Gap Loss Summary",
    18: "Burst/Gap Discard Summary",
    19: "Frame Impairment Statistics",
    20: "Burst/Gap Loss",
    21: "Burst/Gap Discard",
    22: "MPEG2 Transport Stream PSI-Independent Decodability",
    23: "De-Jitter Buffer",
    24: "Discard Count",
    25: "Discard RLE",
    26: "Bytes Discarded",
    27: "Synchronization Delay",
    28: "Synchronization Offset",
    29: "MOS",
    30: "Loss Concealment",
    31: "Concealed Seconds",
}

UNAVAILABLE = 127
_STATISTICS = struct.Struct(">IHHIIIIIIBBBB")
_VOIP = struct.Struct(">IBBBBHHHHbbBBBBBBBBHHH")


class ReceiverReferenceTime(Struct, frozen=True):
    """The receiver's clock as a 64-bit NTP time (section 4.4)."""

    ntp: int


class Dlrr(Struct, frozen=True):
    """One sub-block of a DLRR (section 4.5): the middle of the last RRTR's time, and seconds since it came."""

    ssrc: int
    lrr: int
    dlrr: float


class Delays(Struct, frozen=True):
    """The sub-blocks of a DLRR."""

    entries: tuple[Dlrr, ...]


class StatisticsSummary(Struct, frozen=True):
    """Statistics over the sequence numbers from `begin` up to, not including, `end` (section 4.6).

    A group that the sender did not fill is None. Jitter is in timestamp units; `ttl_or_hop_limit` and `jitter` are
    minimum, maximum, mean and deviation.
    """

    ssrc: int
    begin: int
    end: int
    lost: int | None
    duplicates: int | None
    jitter: tuple[int, int, int, int] | None
    ttl_or_hop_limit: tuple[int, int, int, int] | None


class VoipMetrics(Struct, frozen=True):
    """Metrics of a call's quality (section 4.7).

    Rates and densities are fractions (0 to 1), durations and delays milliseconds, levels dBm. R factors are 0 to 100,
    MOS 1 to 5; None where the sender has none.
    """

    ssrc: int
    loss_rate: float
    discard_rate: float
    burst_density: float
    gap_density: float
    burst_duration: int
    gap_duration: int
    round_trip_delay: int
    end_system_delay: int
    signal_level: int | None
    noise_level: int | None
    residual_echo_return_loss: int | None
    gmin: int
    r_factor: int | None
    external_r_factor: int | None
    mos_lq: float | None
    mos_cq: float | None
    receiver_configuration: int
    jitter_buffer_nominal: int
    jitter_buffer_maximum: int
    jitter_buffer_absolute_maximum: int


Content = ReceiverReferenceTime | Delays | StatisticsSummary | VoipMetrics


class Block(Struct, frozen=True):
    """One report block: its type, the octet that each type uses as it likes, its octets and what they mean."""

    type: int
    specific: int
    data: bytes
    content: Content | None

    @property
    def name(self) -> str:
        """The block's name, or its number."""
        return NAMES.get(self.type, f"block type {self.type}")


class ExtendedReport(Struct, frozen=True):
    """An extended report (section 2)."""

    ssrc: int
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """Its abbreviation."""
        return "XR"

    @property
    def text(self) -> str:
        """A summary for a list."""
        names = [block.name for block in self.blocks[:8]]
        return f"XR ({', '.join(names)})" if names else "XR"


def read_extended_report(body: bytes, place: int) -> ExtendedReport:
    """Read an extended report from the octets after its header, which lie at `place`; raises `Malformed`."""
    if len(body) < 4:
        raise Malformed("RTCP", place, "an extended report names its sender")
    blocks = []
    offset = 4
    while offset < len(body):
        start = offset + 4
        # An RTCP packet is whole words, so that a header always fits.
        end = start + 4 * int.from_bytes(body[offset + 2:start], "big")
        if end > len(body):
            raise Malformed("RTCP", place + offset, f"a block needs {end - start} bytes, {len(body) - start} are left")
        data, specific = body[start:end], body[offset + 1]
        reader = CONTENTS.get(body[offset])
        blocks.append(Block(body[offset], specific, data, reader(data, specific, place + start) if reader else None))
        offset = end
    return ExtendedReport(int.from_bytes(body[:4], "big"), tuple(blocks))


def _need(data: bytes, octets: int, place: int, what: str) -> None:
    if len(data) != octets:
        raise Malformed("RTCP", place, f"{what} has {octets} bytes, not {len(data)}")


def _receiver_reference_time(data: bytes, specific: int, place: int) -> ReceiverReferenceTime:
    _need(data, 8, place, "a Receiver Reference Time")
    return ReceiverReferenceTime(int.from_bytes(data, "big"))


def _delays(data: bytes, specific: int, place: int) -> Delays:
    if len(data) % 12:
        raise Malformed("RTCP", place, f"{len(data)} bytes are no whole sub-blocks of 12")
    words = [int.from_bytes(data[at:at + 4], "big") for at in range(0, len(data), 4)]
    triples = (words[at:at + 3] for at in range(0, len(words), 3))
    return Delays(tuple(Dlrr(ssrc, lrr, dlrr / 65536) for ssrc, lrr, dlrr in triples))


def _statistics_summary(data: bytes, specific: int, place: int) -> StatisticsSummary:
    _need(data, _STATISTICS.size, place, "a Statistics Summary")
    ssrc, begin, end, lost, duplicates, *rest = _STATISTICS.unpack(data)
    return StatisticsSummary(
        ssrc=ssrc,
        begin=begin,
        end=end,
        lost=lost if specific & 0x80 else None,
        duplicates=duplicates if specific & 0x40 else None,
        jitter=(rest[0], rest[1], rest[2], rest[3]) if specific & 0x20 else None,
        ttl_or_hop_limit=(rest[4], rest[5], rest[6], rest[7]) if specific & 0x18 else None,
    )


def _voip_metrics(data: bytes, specific: int, place: int) -> VoipMetrics:
    _need(data, _VOIP.size, place, "VoIP Metrics")
    (
        ssrc, loss, discard, burst_density, gap_density, burst, gap, round_trip, end_system, signal, noise, echo, gmin,
        r_factor, external, mos_lq, mos_cq, configuration, _, nominal, maximum, absolute,
    ) = _VOIP.unpack(data)
    return VoipMetrics(
        ssrc=ssrc,
        loss_rate=loss / 256,
        discard_rate=discard / 256,
        burst_density=burst_density / 256,
        gap_density=gap_density / 256,
        burst_duration=burst,
        gap_duration=gap,
        round_trip_delay=round_trip,
        end_system_delay=end_system,
        signal_level=_available(signal),
        noise_level=_available(noise),
        residual_echo_return_loss=_available(echo),
        gmin=gmin,
        r_factor=_available(r_factor),
        external_r_factor=_available(external),
        mos_lq=None if mos_lq == UNAVAILABLE else mos_lq / 10,
        mos_cq=None if mos_cq == UNAVAILABLE else mos_cq / 10,
        receiver_configuration=configuration,
        jitter_buffer_nominal=nominal,
        jitter_buffer_maximum=maximum,
        jitter_buffer_absolute_maximum=absolute,
    )


def _available(value: int) -> int | None:
    return None if value == UNAVAILABLE else value


CONTENTS: dict[int, Callable[[bytes, int, int], Content]] = {
    4: _receiver_reference_time,
    5: _delays,
    6: _statistics_summary,
    7: _voip_metrics,
}
"""Block type → how its octets are read; others keep them."""
