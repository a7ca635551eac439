"""What RTCP says of streams: the receivers' view of each source, round trips, goodbyes, and what is in the clear."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from dissectors.analysis.report import Place, Protection, RtcpView
from dissectors.protocols import rtcp
from dissectors.protocols.rtcp_xr import VoipMetrics
from dissectors.wire.datagram import Datagram, Flow


@dataclass(slots=True)
class Heard:
    """The latest report block about one source, and the extremes of all; times are nanoseconds."""

    reports: int = 0
    fraction_lost: float = 0.0
    cumulative_lost: int = 0
    jitter: int = 0
    round_trip: float | None = None
    last: int = 0
    mos: float | None = None

    def view(self, clock: int | None) -> RtcpView:
        """The report's value; jitter is in timestamp units, so milliseconds need the stream's clock in Hz."""
        return RtcpView(
            reports=self.reports,
            fraction_lost=self.fraction_lost,
            cumulative_lost=self.cumulative_lost,
            jitter=self.jitter,
            jitter_ms=1000 * self.jitter / clock if clock else None,
            round_trip_ms=None if self.round_trip is None else 1000 * self.round_trip,
            last=self.last / 1e9,
            mos=self.mos,
        )


@dataclass(slots=True)
class Covered:
    """The RTCP of a 5-tuple, both directions together: datagrams encrypted and in the clear."""

    encrypted: int = 0
    clear: int = 0
    place: Place = Place(0, 0)


class Control:
    """Collects report blocks by the source that they are about, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.heard: OrderedDict[int, Heard] = OrderedDict()
        self.said_bye: OrderedDict[int, int] = OrderedDict()
        self._sent: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._covered: OrderedDict[Flow, Covered] = OrderedDict()

    def feed(self, datagram: Datagram, compound: rtcp.Compound) -> None:
        """Take the packets of one datagram, as far as they are in the clear."""
        self._cover(datagram, compound.encrypted)
        for packet in compound.packets:
            if isinstance(packet, rtcp.SenderReport):
                self._keep(self._sent, (packet.ssrc, packet.ntp >> 16 & 0xFFFFFFFF), datagram.time)
            if isinstance(packet, rtcp.SenderReport | rtcp.ReceiverReport):
                for block in packet.reports:
                    self._report(datagram.time, block)
            elif isinstance(packet, rtcp.Bye):
                for ssrc in packet.sources:
                    self._keep(self.said_bye, ssrc, datagram.time)
            elif isinstance(packet, rtcp.ExtendedReport):
                self._extended(datagram.time, packet)

    def protection(self) -> tuple[Protection, ...]:
        """The report's values, in the order in which the 5-tuples began."""
        return tuple(
            Protection(flow.src, flow.sport, flow.dst, flow.dport, covered.encrypted, covered.clear, covered.place)
            for flow, covered in self._covered.items()
        )

    def _cover(self, datagram: Datagram, encrypted: bool) -> None:
        flow = datagram.flow
        covered = self._covered.get(flow) or self._covered.get(flow.reverse)
        if covered is None:
            covered = Covered()
            self._keep(self._covered, flow, covered)
        if encrypted:
            covered.encrypted += 1
        elif not covered.clear:
            covered.clear, covered.place = 1, Place(datagram.file, datagram.frame)
        else:
            covered.clear += 1

    def _source(self, ssrc: int) -> Heard:
        heard = self.heard.get(ssrc)
        if heard is None:
            heard = Heard()
            self._keep(self.heard, ssrc, heard)
        return heard

    def _report(self, time: int, block: rtcp.ReportBlock) -> None:
        heard = self._source(block.ssrc)
        heard.reports += 1
        heard.last = time
        heard.fraction_lost = max(heard.fraction_lost, block.fraction_lost)
        heard.cumulative_lost = block.cumulative_lost
        heard.jitter = max(heard.jitter, block.jitter)
        sent = self._sent.get((block.ssrc, block.lsr)) if block.lsr else None
        if sent is not None:
            round_trip = (time - sent) / 1e9 - block.dlsr
            if round_trip >= 0:
                heard.round_trip = round_trip

    def _extended(self, time: int, packet: rtcp.ExtendedReport) -> None:
        for block in packet.blocks:
            if isinstance(block.content, VoipMetrics) and block.content.mos_lq is not None:
                self._source(block.content.ssrc).mos = block.content.mos_lq

    def _keep(self, table: OrderedDict[Any, Any], key: object, value: object) -> None:
        table[key] = value
        if len(table) > self.limit:
            table.popitem(last=False)
