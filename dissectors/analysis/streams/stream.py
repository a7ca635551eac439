"""RTP streams: which call each belongs to, which codec and clock apply, and the values that people expect."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TypeVar

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.descriptions import UNKNOWN_CODEC, Codec, codec_of
from dissectors.analysis.calls.negotiation import Announced
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, RetiredInterval
from dissectors.analysis.streams import clock, pauses, quality
from dissectors.analysis.streams.digits import EVENT, EVENT_CLOCK, digits, evident
from dissectors.analysis.streams.gaps import gaps
from dissectors.analysis.streams.rtcp import Heard
from dissectors.mux.counters import CLOCKS, Counters
from dissectors.mux.flows import FlowState
from dissectors.protocols import payload_types
from dissectors.report import Payload, Phase, Place, Stream
from dissectors.wire.datagram import Flow
from dissectors.wire.values import Struct, replace

MAX_CANDIDATE_CALLS = 64
"""Calls on each side of a stream's beginning that are asked whether it is theirs."""

MAX_JUMP_SHARE = 0.1
"""Share of packets with timestamp jumps beyond which no jitter is given."""

EVIDENT_EVENTS = Codec(EVENT, EVENT_CLOCK, None, "medium", "its payloads read as telephone events (RFC 4733)")


class Joined(Struct, frozen=True):
    """A stream's call, by what they were joined, the side that sends, and the media lines of receiver and sender."""

    call: CallState
    by: str
    sender: str
    received: Announced | None
    sent: Announced | None


Value = TypeVar("Value")
Party = tuple[CallState, str]
"""A call, and the side of it that announced something."""


def near(parties: list[Party], counters: Counters) -> list[Party]:
    """Those whose calls began about when the stream did: a gateway's port may have seen every call there was."""
    if len(parties) <= MAX_CANDIDATE_CALLS:
        return parties
    place = bisect_right(parties, counters.first, key=lambda party: party[0].start)
    return parties[max(0, place - MAX_CANDIDATE_CALLS) : place + MAX_CANDIDATE_CALLS]


class Directory:
    """Where every call announced its media, to look streams up: built once, asked for each stream."""

    def __init__(self, calls: Iterable[CallState]) -> None:
        self._ssrc: dict[int, list[Party]] = {}
        self._endpoint: dict[tuple[str, int], list[Party]] = {}
        self._host: dict[tuple[str, int], list[Party]] = {}
        self._pair: dict[Flow, list[Party]] = {}
        for call in sorted(calls, key=lambda each: each.start):
            for announced in call.announced:
                self._enter(call, announced)
            if call.announced:
                for flow in call.pairs:
                    self._pair.setdefault(flow, []).append((call, _side(call, flow)))

    def _enter(self, call: CallState, announced: Announced) -> None:
        own = {announced.media.rtp_id, *announced.media.ssrcs}
        for ssrc in (each for each in own if each is not None):
            self._ssrc.setdefault(ssrc, []).append((call, announced.side))
        if announced.port:
            if announced.address:
                self._endpoint.setdefault((announced.address, announced.port), []).append((call, announced.side))
            for host in call.hosts[announced.side]:
                self._host.setdefault((host, announced.port), []).append((call, announced.side))

    def join(self, counters: Counters, flow: Flow) -> Joined | None:
        """The call that a stream belongs to, by the strongest reason there is.

        In order: the SSRC that a side announced (`a=ssrc`, FaceTime's `a=rtpID`); the address and port that a side
        wants to receive on; the 5-tuple that carried the call's own signalling; the address and port that a side
        announced and now sends from; the announced port on a host that signalled (behind NAT the SDP's address is not
        the datagram's).
        """
        src, dst = (flow.src, flow.sport), (flow.dst, flow.dport)
        for by, parties, receives in (
            ("SSRC announced", self._ssrc.get(counters.ssrc), False),
            ("sent to the announced address", self._endpoint.get(dst), True),
            ("the signalling's own 5-tuple", self._pair.get(flow), False),
            ("sent from the announced address", self._endpoint.get(src), False),
            ("announced port, on a host that signalled", self._host.get(dst), True),
            ("announced port, on a host that signalled", self._host.get(src), False),
        ):
            found = [party for party in near(parties, counters) if _overlaps(party[0], counters)] if parties else None
            if found:
                call, side = max(found, key=lambda party: _nearness(party[0], counters))
                side = _other(side) if receives else side
                return Joined(
                    call, by, side, self._line(call, _other(side), flow.dport), self._line(call, side, flow.sport)
                )
        return None

    def _line(self, call: CallState, side: str, port: int) -> Announced | None:
        latest = None
        for line in reversed(call.announced):
            if line.side == side:
                if line.port == port:
                    return line
                latest = latest or line
        return latest


def _other(side: str) -> str:
    return "callee" if side == "caller" else "caller"


def _side(call: CallState, flow: Flow) -> str:
    """Which side sends on this flow, going by where its messages came from."""
    return "caller" if flow.src in call.hosts["caller"] else "callee"


def _overlaps(call: CallState, counters: Counters) -> bool:
    end = call.last if call.ended is not None else max(call.last, counters.first)
    return counters.first <= end + MEDIA_MARGIN_NS and counters.last >= call.start - MEDIA_MARGIN_NS


def _nearness(call: CallState, counters: Counters) -> tuple[bool, int]:
    """Of several calls on the same ports a stream belongs to the last that began before it, else to the next one."""
    before = call.start <= counters.first
    return before, call.start if before else -call.start


def flows_of(counters: Counters, flows: Mapping[int, Value]) -> list[Value]:
    """What `flows` holds by number of the flows of a stream, in their order; it belongs to the first of them."""
    return [flows[number] for number in counters.flows if number in flows]


def used_by_retired(
    counters: Counters | FlowState, flow: Flow, retired: Mapping[tuple[str, int], list[RetiredInterval]]
) -> bool:
    """Whether a stream, or a flow, belonged to a call that was retired since."""
    intervals = (*retired.get((flow.dst, flow.dport), ()), *retired.get((flow.src, flow.sport), ()))
    return any(
        counters.first <= each.end + MEDIA_MARGIN_NS and counters.last >= each.start - MEDIA_MARGIN_NS
        for each in intervals
    )


def codec(counters: Counters, joined: Joined | None) -> Codec:
    """The codec of a stream's most frequent payload type, with the clock of the wire where nothing names one."""
    payload_type = main_payload_type(counters)
    facetime = joined is not None and joined.call.facetime
    found = UNKNOWN_CODEC
    for announced in (joined.received, joined.sent) if joined else ():
        if announced is not None and found.certainty != "certain":
            better = codec_of(payload_type, announced.rtpmaps, facetime)
            found = better if better.certainty != "unknown" else found
    if joined is None:
        found = codec_of(payload_type, None, False)
    if found.clock is not None:
        return found
    seen = clock.inferred(counters)
    if found.name is not None:
        return replace(found, clock=seen.clock, source=f"{found.source}; {seen.why}")
    if payload_type in evident(counters):
        return EVIDENT_EVENTS
    return _habit(counters, payload_type, seen) or Codec(None, seen.clock, None, seen.certainty, seen.why)


def _habit(counters: Counters, payload_type: int, seen: clock.Inferred) -> Codec | None:
    """A codec that FaceTime gives this payload type, where the clock and the frame on the wire are its own too."""
    hint = payload_types.hint(payload_type, True)
    if hint is None or seen.clock is None or hint.samples is None:
        return None
    if (hint.clock, hint.samples) != (seen.clock, clock.frame(counters)):
        return None
    why = f"{seen.why}; FaceTime sends that as type {payload_type}"
    return Codec(hint.codec, seen.clock, None, seen.certainty, why)


def main_payload_type(counters: Counters) -> int:
    """The payload type that most datagrams of a stream carry."""
    return max(counters.sizes, key=lambda payload_type: counters.sizes[payload_type][0])


def stream(
    counters: Counters, flow: Flow, flows: tuple[int, ...], joined: Joined | None, call: int | None,
    encrypted: bool, heard: Heard | None, end: int | None,
) -> Stream:
    """The report's value of one stream; `flows` and `call` are positions in the report's lists."""
    known = codec(counters, joined)
    announced = (joined.received or joined.sent) if joined else None
    rtcp = heard.view(known.clock) if heard else None
    covered = encrypted or counters.encrypted or bool(announced and announced.encryption)
    named, events = event_types(counters, joined, covered)
    timing = clock.timing(counters, known.clock, known.source, _excused(counters, joined, events))
    unseen = gaps(counters, timing.rate or known.clock)
    return Stream(
        ssrc=counters.ssrc,
        flows=flows,
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        inside=flow.inside,
        call=call,
        joined_by=joined.by if joined else None,
        kind=announced.media.kind if announced else None,
        codec=known.name,
        clock=known.clock,
        certainty=known.certainty,
        source=known.source,
        evidence=counters.evidence,
        encrypted=covered,
        payload_types=tuple([Phase(pt, first / 1e9, last / 1e9, n) for pt, first, last, n in counters.phases]),
        packets=counters.packets,
        octets=counters.octets,
        first=counters.first / 1e9,
        last=counters.last / 1e9,
        first_place=Place(*counters.first_frame),
        last_place=Place(*counters.last_frame),
        lost=counters.lost,
        lost_fraction=counters.lost / counters.expected if counters.expected else 0.0,
        duplicates=counters.duplicates,
        reordered=counters.reordered,
        restarts=counters.restarts - len(unseen),
        largest_gap_ms=counters.largest_gap / 1e6,
        jitter_ms=jitter_ms(counters, counters.jitter, known.clock),
        maximum_jitter_ms=jitter_ms(counters, counters.maximum_jitter, known.clock),
        extension_profiles=tuple([f"0x{profile:04X}" for profile in sorted(counters.profiles)]),
        rtcp=rtcp,
        payloads=payloads(counters, joined),
        timing=timing,
        quality=quality.quality(
            counters, known.name, rtcp.round_trip_ms if rtcp else None, timing.real_time is not False
        ),
        timeline=quality.timeline(counters, known.clock),
        digits=() if covered else digits(counters, events, named, known.clock),
        sender=joined.sender if joined else None,
        end=None if end is None else end / 1e9,
        gaps=unseen,
    )


def payloads(counters: Counters, joined: Joined | None) -> tuple[Payload, ...]:
    """The payload types of a stream, the most frequent first."""
    facetime = joined is not None and joined.call.facetime
    maps = [line.rtpmaps for line in (joined.received, joined.sent) if line] if joined else []
    found = []
    for payload_type, (packets, octets, smallest, largest) in counters.sizes.items():
        names = [codec_of(payload_type, rtpmaps, facetime).name for rtpmaps in maps] or [
            codec_of(payload_type, None, False).name
        ]
        found.append(
            Payload(payload_type, next((n for n in names if n), None), packets, octets, smallest, largest)
        )
    return tuple(sorted(found, key=lambda payload: -payload.packets))


def event_types(counters: Counters, joined: Joined | None, covered: bool) -> tuple[set[int], set[int]]:
    """The payload types of a stream that the SDP calls telephone-event, and all that are, named or evidently."""
    maps = [line.rtpmaps for line in (joined.received, joined.sent) if line] if joined else []
    mapped = {n: rtpmaps[n].encoding.lower() for rtpmaps in maps for n in counters.sizes if n in rtpmaps}
    named = {number for number, encoding in mapped.items() if encoding == EVENT}
    return named, named if covered else named | (evident(counters) - mapped.keys())


def _excused(counters: Counters, joined: Joined | None, events: set[int]) -> float:
    """Seconds in which the sender said nothing for another reason than silence."""
    excused = pauses.in_events(counters, events)
    if joined is not None and (line := joined.sent or joined.received):
        lines, kind = joined.call.announced, line.media.kind
        excused += pauses.on_hold(lines, joined.sender, kind, counters.first, counters.last)
    return excused / 1e9


def jitter_ms(counters: Counters, jitter: list[float], clock: int | None) -> float | None:
    """Interarrival jitter in milliseconds (RFC 3550 section 6.4.1).

    None where the clock is unknown or unusual, and where timestamps follow no clock: they jump all the time.
    """
    if clock not in CLOCKS or counters.jumps > MAX_JUMP_SHARE * counters.packets:
        return None
    return 1000 * jitter[CLOCKS.index(clock)] / clock
