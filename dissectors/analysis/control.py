"""What RTCP says of streams: the receivers' view of each source, and round trips (RFC 3550 section 6.4.1)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from dissectors.analysis.report import RtcpView
from dissectors.protocols import rtcp
from dissectors.wire.datagram import Datagram


@dataclass(slots=True)
class Heard:
    """The latest report block about one source, and the extremes of all."""

    reports: int = 0
    fraction_lost: float = 0.0
    cumulative_lost: int = 0
    jitter: int = 0
    round_trip: float | None = None

    def view(self, clock: int | None) -> RtcpView:
        """The report's value; jitter is in timestamp units, so milliseconds need the stream's clock in Hz."""
        return RtcpView(
            reports=self.reports,
            fraction_lost=self.fraction_lost,
            cumulative_lost=self.cumulative_lost,
            jitter=self.jitter,
            jitter_ms=1000 * self.jitter / clock if clock else None,
            round_trip_ms=None if self.round_trip is None else 1000 * self.round_trip,
        )


class Control:
    """Collects report blocks by the source that they are about, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.heard: OrderedDict[int, Heard] = OrderedDict()
        self.said_bye: OrderedDict[int, int] = OrderedDict()
        self._sent: OrderedDict[tuple[int, int], int] = OrderedDict()

    def feed(self, datagram: Datagram, compound: rtcp.Compound) -> None:
        """Take the packets of one datagram that are in the clear."""
        if compound.encrypted:
            return
        for packet in compound.packets:
            if isinstance(packet, rtcp.SenderReport):
                self._keep(self._sent, (packet.ssrc, packet.ntp >> 16 & 0xFFFFFFFF), datagram.time)
            if isinstance(packet, rtcp.SenderReport | rtcp.ReceiverReport):
                for block in packet.reports:
                    self._report(datagram.time, block)
            elif isinstance(packet, rtcp.Bye):
                for ssrc in packet.sources:
                    self._keep(self.said_bye, ssrc, datagram.time)

    def _report(self, time: int, block: rtcp.ReportBlock) -> None:
        heard = self.heard.get(block.ssrc)
        if heard is None:
            heard = Heard()
            self._keep(self.heard, block.ssrc, heard)
        heard.reports += 1
        heard.fraction_lost = max(heard.fraction_lost, block.fraction_lost)
        heard.cumulative_lost = block.cumulative_lost
        heard.jitter = max(heard.jitter, block.jitter)
        sent = self._sent.get((block.ssrc, block.lsr)) if block.lsr else None
        if sent is not None:
            round_trip = (time - sent) / 1e9 - block.dlsr
            if round_trip >= 0:
                heard.round_trip = round_trip

    def _keep(self, table: OrderedDict[Any, Any], key: object, value: object) -> None:
        table[key] = value
        if len(table) > self.limit:
            table.popitem(last=False)
