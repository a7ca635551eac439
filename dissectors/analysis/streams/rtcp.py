"""What RTCP says of streams: the receivers' view of each source, round trips, goodbyes, and what is in the clear."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dissectors.analysis.streams.feedback import MAX_SOURCES, Told, about, joined
from dissectors.limits.budget import Bounds
from dissectors.limits.pending import Pending
from dissectors.limits.table import Table
from dissectors.protocols import rtcp
from dissectors.protocols.rtcp_reports import (
    BEFORE_BLOCKS,
    REPORT_BLOCK,
    SENDER_INFO,
    SENDER_REPORT,
    cumulative,
    number_at,
)
from dissectors.protocols.rtcp_xr import VoipMetrics
from dissectors.report import Place, Protection, RtcpView
from dissectors.wire.datagram import Datagram, Flow

if TYPE_CHECKING:
    from dissectors.mux.entry import Entry

SENDER_REPORT_TIMEOUT_NS = 60_000_000_000
"""Nanoseconds in which a receiver has answered a sender report; they are sent every few seconds."""

DLSR_UNITS = 65536
"""So many are a second."""

MIN_ROUND_TRIPS, MIN_PASSED_SECONDS, MAX_LEFT_SHARE = 2, 0.3, 0.1
"""So many round trips are not believed, after so long, where so little of them is left with a DLSR in milliseconds."""

NOWHERE = Place(0, 0)

MAX_CLOCKED = 8
"""So many of the last sender reports of each source are remembered."""

TRANSPORT_FEEDBACK = ("transport-cc", "CCFB")

Hosts = tuple[str, str]

# Found by name they are twice as quick as by the table.
_get, _move_to_end = OrderedDict.get, OrderedDict.move_to_end


def between(flow: Flow) -> Hosts:
    """The two hosts of a flow, the same for both of its directions and for whichever port RTCP has."""
    return (flow.src, flow.dst) if flow.src <= flow.dst else (flow.dst, flow.src)


def pairs_of(flows: Iterable[Flow]) -> Sequence[Hosts]:
    """The pairs of hosts of flows, each once."""
    return [*dict.fromkeys([between(flow) for flow in flows])]


class BySource:
    """Values by SSRC and the hosts between which it was told of: an SSRC is unique within one session alone.

    At most `limit` are kept, and `bounds` counts by `name` what gave way.
    """

    def __init__(self, name: str, limit: int, bounds: Bounds) -> None:
        self._values: Table[tuple[int, Hosts], Any] = Table(name, limit, bounds, groups=_by_ssrc)
        # There are no more of these than of the others, and they are less dear.
        self._only: Table[int, Hosts | None] = Table(name, limit)

    def use(self, ssrc: int, hosts: Hosts) -> Any:
        """What is known of a source between these hosts, of which there is more to be told."""
        values, key = self._values, (ssrc, hosts)
        value = _get(values, key)
        if value is not None:
            _move_to_end(values, key)
        return value

    def set(self, ssrc: int, hosts: Hosts, value: Any) -> None:
        """Remember it."""
        self._values[ssrc, hosts] = value
        self._only[ssrc] = hosts if self._only.get(ssrc, hosts) == hosts else None

    def others(self, ssrcs: Collection[int]) -> dict[tuple[int, Hosts], Any]:
        """What is known of other sources than these, and of those that have a number."""
        return {key: value for key, value in self._values.items() if key[0] not in ssrcs and key[0]}

    def forget(self, ssrc: int, held: Collection[Hosts]) -> None:
        """Let go of what is known of a source, but between those hosts between which it is `held` elsewhere."""
        if not self._values and not self._only:
            return
        for key in self._values.of(ssrc):
            if key[1] not in held:
                del self._values[key]
        if not held:
            self._only.pop(ssrc, None)

    def of(self, ssrc: int, pairs: Sequence[Hosts], alone: bool) -> list[Any]:
        """What is known of the stream between these pairs of hosts.

        Where nothing was found between them, the SSRC speaks for itself if the stream is `alone` in having it and it
        was found of between two hosts only.
        """
        values = self._values
        if not values:
            return []
        known = [_get(values, (ssrc, hosts)) for hosts in pairs]
        found = [value for value in known if value is not None]
        only = self._only.get(ssrc) if alone and not found else None
        value = values.get((ssrc, only)) if only is not None else None
        return found if value is None else [value]


def _by_ssrc(key: tuple[int, Hosts], _: object) -> tuple[int]:
    return key[:1]


class Heard:
    """The latest report block about one source, and the extremes of all; times are nanoseconds.

    Of the `round_trips` that were measured, so many fit a DLSR that counts `in_milliseconds`, and not as RFC 3550
    section 6.4.1 has it.
    """

    __slots__ = (
        "cumulative_lost", "first", "flow", "fraction_lost", "highest", "in_milliseconds", "jitter", "last",
        "lost_at_first", "mos", "place", "reports", "round_trip", "round_trips",
    )

    def __init__(self, flow: Flow | None = None, place: Place = NOWHERE) -> None:
        self.reports = self.cumulative_lost = self.jitter = self.last = self.first = self.lost_at_first = 0
        self.highest = self.round_trips = self.in_milliseconds = 0
        self.fraction_lost = 0.0
        self.round_trip: float | None = None
        self.mos: float | None = None
        self.flow, self.place = flow, place

    def believed(self) -> float | None:
        """The last round trip in seconds, None where there is none, or all are those of a DLSR in another unit."""
        wrong = self.round_trips >= MIN_ROUND_TRIPS and self.in_milliseconds == self.round_trips
        return None if wrong else self.round_trip

    def view(self, clock: int | None) -> RtcpView:
        """The report's value; jitter is in timestamp units, so milliseconds need the stream's clock in Hz."""
        round_trip = self.believed()
        return RtcpView(
            reports=self.reports,
            fraction_lost=self.fraction_lost,
            cumulative_lost=self.cumulative_lost,
            jitter=self.jitter,
            jitter_ms=1000 * self.jitter / clock if clock else None,
            round_trip_ms=None if round_trip is None else 1000 * round_trip,
            last=self.last / 1e9,
            mos=self.mos,
            first=self.first / 1e9,
            lost_at_first=self.lost_at_first,
            highest_sequence=self.highest,
        )


def together(heard: Sequence[Heard]) -> Heard | None:
    """What was heard of one stream between several pairs of hosts, which it used one after the other."""
    if len(heard) < 2:
        return heard[0] if heard else None
    ordered = sorted(heard, key=lambda each: each.last)
    latest = ordered[-1]
    made = Heard()
    made.reports = sum(each.reports for each in ordered)
    made.fraction_lost = max(each.fraction_lost for each in ordered)
    made.cumulative_lost, made.last = latest.cumulative_lost, latest.last
    made.jitter = max(each.jitter for each in ordered)
    made.round_trip = next((found for each in reversed(ordered) if (found := each.believed()) is not None), None)
    made.highest = max(each.highest for each in ordered)
    made.mos = next((each.mos for each in reversed(ordered) if each.mos is not None), None)
    made.first, made.lost_at_first = ordered[0].first, ordered[0].lost_at_first
    return made


class Clocked:
    """What a sender report says of two clocks: the time of its capture in nanoseconds, NTP's 64 bits, the timestamp."""

    __slots__ = ("file", "frame", "ntp", "time", "timestamp")

    file: int
    frame: int
    ntp: int
    time: int
    timestamp: int

    @property
    def place(self) -> Place:
        """The frame of the report."""
        return Place(self.file, self.frame)


def clocks(time: int, ntp: int, timestamp: int, file: int, frame: int) -> Clocked:
    """What a sender report says, made of C numbers where it is compiled."""
    made = Clocked()
    made.time, made.ntp, made.timestamp, made.file, made.frame = time, ntp, timestamp, file, frame
    return made


class Covered:
    """The RTCP of a 5-tuple, both directions together: its hosts, and the datagrams encrypted and in the clear.

    `used` is the number of its last datagram.
    """

    __slots__ = ("clear", "encrypted", "hosts", "place", "used")

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        self.encrypted = self.clear = self.used = 0
        self.place = NOWHERE


class Control:
    """Collects report blocks by the source that they are about, at most `limit` of them; `bounds` counts the others."""

    def __init__(self, limit: int, bounds: Bounds | None = None) -> None:
        bounds = bounds or Bounds()
        self._heard = BySource("RTCP sources", limit, bounds)
        self._said_bye = BySource("RTCP goodbyes", limit, bounds)
        self._clocked = BySource("RTCP clocks of senders", limit, bounds)
        self._told = BySource("RTCP feedback", min(limit, MAX_SOURCES), bounds)
        self._transport: Table[Hosts, int] = Table("RTCP feedback on transports", limit, bounds)
        self.sent = Pending("RTCP sender reports", limit, SENDER_REPORT_TIMEOUT_NS, bounds)
        self._covered: Table[Flow, Covered] = Table(
            "RTCP flows", limit, bounds, used=attrgetter("used"), given_up=self._uncover
        )
        self._either_way: dict[Flow, Covered] = {}
        self._datagrams = 0
        self._file = self._frame = 0
        self._flow: Flow | None = None
        self._readers: dict[type, Callable[[int, Hosts, Any], None]] = {
            rtcp.SenderReport: self._sender_report,
            rtcp.ReceiverReport: self._receiver_report,
            rtcp.Bye: self._bye,
            rtcp.ExtendedReport: self._extended,
        }

    @property
    def silent(self) -> bool:
        """Whether no RTCP came, so that there is nothing to say of any stream."""
        return not self._datagrams

    def heard(self, ssrc: int, pairs: Sequence[Hosts], alone: bool) -> Heard | None:
        """What receivers said of the stream between these hosts; `alone` says that no other stream has its SSRC."""
        return together(self._heard.of(ssrc, pairs, alone))

    def said_bye(self, ssrc: int, pairs: Sequence[Hosts], alone: bool) -> int | None:
        """When the stream between these hosts said goodbye last, in nanoseconds."""
        return max(self._said_bye.of(ssrc, pairs, alone), default=None)

    def clocked(self, ssrc: int, pairs: Sequence[Hosts], alone: bool) -> tuple[Clocked, ...]:
        """What the last sender reports of the stream between these hosts said of its clocks, in order of time."""
        found = [each for clocked in self._clocked.of(ssrc, pairs, alone) for each in clocked]
        return tuple(sorted(found, key=attrgetter("time")))

    def told(self, ssrc: int, pairs: Sequence[Hosts], alone: bool) -> Told | None:
        """What receivers asked of the stream between these hosts; with the SSRC 0, of no source in particular."""
        found = self._told.of(ssrc, pairs, alone)
        return joined(found) if found else None

    def transport_feedback(self, flows: Iterable[Flow]) -> int:
        """How many messages about transport-wide numbers came back against these flows."""
        if not self._transport:
            return 0
        return sum([self._transport.get(way, 0) for way in {(flow.dst, flow.src) for flow in flows}])

    def beside(
        self, sent: Collection[int]
    ) -> tuple[dict[tuple[int, Hosts], Heard], dict[tuple[int, Hosts], Told]]:
        """What RTCP says of other sources than those that are `sent`: what was heard of them, and asked."""
        return self._heard.others(sent), self._told.others(sent)

    def feed(self, datagram: Datagram, compound: rtcp.Compound) -> None:
        """Take the packets of one datagram, as far as they are in the clear."""
        flow, time = datagram.flow, datagram.time
        self._file, self._frame, self._flow = datagram.file, datagram.frame, flow
        hosts = self._cover(flow, compound.encrypted).hosts
        for packet in compound.packets:
            if reader := self._readers.get(type(packet)):
                reader(time, hosts, packet)
            elif isinstance(packet, rtcp.Feedback):
                self._feedback(datagram, hosts, packet)

    def hold(self, entry: Entry, glanced: tuple[int, tuple[int, ...]]) -> None:
        """Take one of which a glance told about how many sources it reports, and which leave by it."""
        blocks, leaving = glanced
        time, payload = entry.time, entry.payload
        self._file, self._frame, self._flow = entry.file, entry.frame, entry.flow.flow
        hosts, at = self._cover(self._flow, False).hosts, BEFORE_BLOCKS
        if payload[1] == SENDER_REPORT:
            ntp = number_at(payload, 8) << 32 | number_at(payload, 12)
            self._sender(time, hosts, number_at(payload, 4), ntp, number_at(payload, 16))
            at += SENDER_INFO
        for _ in range(blocks):
            losses, jitter, lsr = number_at(payload, at + 4), number_at(payload, at + 12), number_at(payload, at + 16)
            self._report(
                time, hosts, number_at(payload, at), (losses >> 24) / 256, cumulative(losses),
                number_at(payload, at + 8), jitter, lsr, number_at(payload, at + 20) / 65536,
            )
            at += REPORT_BLOCK
        for ssrc in leaving:
            self._said_bye.set(ssrc, hosts, time)

    def forget(self, sources: Mapping[int, Collection[Flow]], flows: Iterable[Flow]) -> None:
        """Let go of what was said of these sources, and on these flows.

        A source may have streams that stay, on the flows that stand with it: what is known between their hosts stays.
        """
        for ssrc, stay in sources.items():
            held = set(map(between, stay))
            self._heard.forget(ssrc, held)
            self._said_bye.forget(ssrc, held)
            self._clocked.forget(ssrc, held)
            self._told.forget(ssrc, held)
        for flow in flows if self._covered else ():
            if (covered := self._covered.pop(flow, None)) is not None:
                self._uncover(flow, covered)

    def protection(self, flows: Iterable[Flow] | None = None) -> tuple[Protection, ...]:
        """The report's values, in the order in which the 5-tuples began; with `flows` only of these, in their order."""
        found = self._covered.items() if flows is None else ((f, self._covered[f]) for f in flows if f in self._covered)
        return tuple(
            Protection(flow.src, flow.sport, flow.dst, flow.dport, covered.encrypted, covered.clear, covered.place)
            for flow, covered in found
        )

    def _cover(self, flow: Flow, encrypted: bool) -> Covered:
        covered = self._either_way.get(flow) or self._new(flow)
        self._datagrams += 1
        covered.used = self._datagrams
        if encrypted:
            covered.encrypted += 1
        elif not covered.clear:
            covered.clear, covered.place = 1, Place(self._file, self._frame)
        else:
            covered.clear += 1
        return covered

    def _new(self, flow: Flow) -> Covered:
        covered = Covered(between(flow))
        self._covered[flow] = self._either_way[flow] = self._either_way[flow.reverse] = covered
        return covered

    def _uncover(self, flow: Flow, _: Covered) -> None:
        for way in (flow, flow.reverse):
            self._either_way.pop(way, None)

    def _feedback(self, datagram: Datagram, hosts: Hosts, packet: rtcp.Feedback) -> None:
        time, place = datagram.time, Place(datagram.file, datagram.frame)
        if packet.name in TRANSPORT_FEEDBACK:
            way = (datagram.flow.src, datagram.flow.dst)
            self._transport[way] = self._transport.get(way, 0) + 1
        for ssrc in about(packet):
            told = self._told.use(ssrc, hosts)
            if told is None:
                told = Told(time, flow=datagram.flow, began=place)
                self._told.set(ssrc, hosts, told)
            told.add(time, place, packet)

    def _source(self, ssrc: int, hosts: Hosts) -> Heard:
        known: Heard | None = self._heard.use(ssrc, hosts)
        if known is None:
            known = Heard(self._flow, Place(self._file, self._frame))
            self._heard.set(ssrc, hosts, known)
        return known

    def _sender_report(self, time: int, hosts: Hosts, packet: rtcp.SenderReport) -> None:
        self._sender(time, hosts, packet.ssrc, packet.ntp, packet.rtp_timestamp)
        self._receiver_report(time, hosts, packet)

    def _sender(self, time: int, hosts: Hosts, ssrc: int, ntp: int, timestamp: int) -> None:
        """What a sender says of its clocks."""
        said = clocks(time, ntp, timestamp, self._file, self._frame)
        known = self._clocked.use(ssrc, hosts)
        if known is None:
            self._clocked.set(ssrc, hosts, [said])
        else:
            known.append(said)
            if len(known) > MAX_CLOCKED:
                del known[0]
        self.sent.wait((ssrc, hosts, ntp >> 16 & 0xFFFFFFFF), time, None)

    def _receiver_report(self, time: int, hosts: Hosts, packet: rtcp.SenderReport | rtcp.ReceiverReport) -> None:
        for block in packet.reports:
            self._report(
                time, hosts, block.ssrc, block.fraction_lost, block.cumulative_lost, block.highest_sequence,
                block.jitter, block.lsr, block.dlsr,
            )

    def _report(
        self, time: int, hosts: Hosts, ssrc: int, fraction_lost: float, lost: int, highest: int, jitter: int,
        lsr: int, dlsr: float,
    ) -> None:
        """What a report block says of a source; see `rtcp.ReportBlock`."""
        heard = self._source(ssrc, hosts)
        if not heard.reports:
            heard.first, heard.lost_at_first = time, lost
        heard.reports += 1
        heard.last = time
        heard.fraction_lost = max(heard.fraction_lost, fraction_lost)
        heard.cumulative_lost = lost
        heard.highest = max(heard.highest, highest)
        heard.jitter = max(heard.jitter, jitter)
        sent = self.sent.get((ssrc, hosts, lsr)) if lsr else None
        if sent is not None:
            passed = (time - sent[0]) / 1e9
            round_trip = passed - dlsr
            if round_trip >= 0:
                heard.round_trip = round_trip
                heard.round_trips += 1
                # The same number in milliseconds leaves next to nothing of what passed.
                left = passed - dlsr * DLSR_UNITS / 1000
                heard.in_milliseconds += passed >= MIN_PASSED_SECONDS and 0 <= left <= MAX_LEFT_SHARE * passed

    def _bye(self, time: int, hosts: Hosts, packet: rtcp.Bye) -> None:
        for ssrc in packet.sources:
            self._said_bye.set(ssrc, hosts, time)

    def _extended(self, time: int, hosts: Hosts, packet: rtcp.ExtendedReport) -> None:
        for block in packet.blocks:
            if isinstance(block.content, VoipMetrics) and block.content.mos_lq is not None:
                self._source(block.content.ssrc, hosts).mos = block.content.mos_lq
