"""The steps of a call in the order of time: its messages, and events of STUN, DTLS, RTP and RTCP beside them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from typing import Generic, TypeVar

from dissectors.outputs.terminal.deciding import Deciding
from dissectors.outputs.terminal.lines import Line, clip, count, span
from dissectors.outputs.terminal.moments import milliseconds
from dissectors.report import Body, Call, Check, Description, Flow, Handshake, Message, Place, Report, Stream
from dissectors.report.flows import recognised
from dissectors.wire.datagram import endpoint
from dissectors.wire.values import Struct

BEFORE_CALL_SECONDS = 35.0
"""Checks and handshakes so many seconds before the INVITE belong to it."""

MIN_ROUND_TRIP_MS = 0.05
"""A shorter round trip, in milliseconds, shows the place of the capture, not the length of the path."""

MAX_EVENTS = 24
NAMES = {"connectivity check": "checks", "binding": "binding requests"}
MAX_TARGET_LENGTH = 40
RE_INVITE = "re-INVITE"


class Step(Struct, frozen=True):
    """One row of the ladder: its endpoints, its text, its style, and the text beside it.

    An `event` is not a message: one arrow for many datagrams, drawn lighter. `parties` are the signalling endpoints of
    its media, if they are known. `answers` names the request of a response, ` to BYE`; `under` are the headers that
    decide, for the rows below. `place` is the frame of a message.
    """

    time: float
    src: str
    dst: str
    text: str
    style: str
    note: Line
    event: bool = False
    parties: tuple[str | None, str | None] = (None, None)
    answers: str = ""
    under: tuple[str, ...] = ()
    place: Place | None = None


Asked = TypeVar("Asked", Check, Handshake)


class _Begun(Generic[Asked]):
    """Checks and handshakes by host and time: a report may have as many of these as it has calls."""

    def __init__(self, begun: Iterable[Asked]) -> None:
        self._at: dict[str, list[tuple[float, int, Asked]]] = {}
        for position, one in sorted(enumerate(begun), key=lambda each: each[1].first):
            self._at.setdefault(one.src, []).append((one.first, position, one))

    def between(self, hosts: Collection[str], begin: float, end: float) -> list[Asked]:
        """Those that began then, from one of these hosts to another, in the order of the report."""
        found: list[tuple[int, Asked]] = []
        for host in hosts:
            there = self._at.get(host, [])
            first = bisect_left(there, begin, key=itemgetter(0))
            last = bisect_right(there, end, key=itemgetter(0))
            found += [(position, one) for _, position, one in there[first:last] if one.dst in hosts]
        return [one for _, one in sorted(found, key=itemgetter(0))]


class Beside:
    """The rest of a report, for a look-up by call; `cited` are the frames that findings show."""

    def __init__(self, report: Report) -> None:
        self.streams, self.flows = report.streams, report.flows
        self.messaging: dict[str, list[Flow]] = {}
        for flow in recognised(report.flows):
            if flow.call_id is not None:
                self.messaging.setdefault(flow.call_id, []).append(flow)
        self.handshakes = _Begun(report.handshakes)
        self.checks = _Begun([check for check in report.checks if check.requests])
        self.cited = {place for finding in report.findings for place in finding.places}


def steps(beside: Beside, call: Call) -> list[Step]:
    """Every step of a call, with the events beside it."""
    found = [*_messages(call), *list(_events(beside, call))[:MAX_EVENTS]]
    return sorted(found, key=lambda step: step.time)


def lanes_of(step: Step, lanes: Collection[str]) -> tuple[str | None, str | None]:
    """The lanes of both ends of a step; those of its parties where neither host has one, as with IPv6 beside IPv4."""
    src, dst = (lane_of(end, party, lanes) for end, party in zip((step.src, step.dst), step.parties, strict=True))
    one, two = step.parties
    return (one, two) if src is None and dst is None and one in lanes and two in lanes else (src, dst)


def lane_of(end: str, party: str | None, lanes: Iterable[str]) -> str | None:
    """The lane of an endpoint: its own, else its party's or another one of its host; None without any."""
    host = end.rpartition(":")[0]
    on_host = [lane for lane in lanes if lane.rpartition(":")[0] == host]
    if end in on_host:
        return end
    return party if party in on_host else next(iter(on_host), None)


def label(message: Message) -> str:
    """`INVITE`, `re-INVITE`, `180 Ringing`; what other signalling says in its own words."""
    if message.signalling != "SIP":
        return message.summary
    if message.status is None:
        return RE_INVITE if message.method == "INVITE" and message.to_tag else message.method
    return f"{message.status} {message.reason or ''}".rstrip()


def style(message: Message) -> str:
    """The colour of a message: requests, provisional, final and refusing answers."""
    if message.retransmission:
        return "dim"
    if message.status is None:
        return "cyan"
    return "default" if message.status < 200 else "green" if message.status < 300 else "red"


def inflation(body: Body) -> str:
    """`zlib 280 → 449 B`, with the end of the decoding if it was not complete."""
    text = f"{body.encoding} {body.compressed_length:,} → {body.inflated_length:,} B"
    return text if body.status == "complete" else f"{text}, {body.status}"


def _messages(call: Call) -> Iterator[Step]:
    targets: dict[tuple[str, str, int | None], str] = {}
    branches: dict[str | None, int] = {}
    described = {description.place: description for description in call.descriptions}
    again, deciding = _changing(call), Deciding()
    for message in call.messages:
        if message.copy:
            continue
        marks = _wants(described[message.place]) if message.place in described else []
        if message.status is None and message.uri:
            first = targets.setdefault((message.side, message.method, message.cseq), message.uri)
            if message.uri != first:
                marks.append(f"retargeted to {clip(message.uri, MAX_TARGET_LENGTH)}")
        elif _branching(message):
            branch = branches.setdefault(message.to_tag, len(branches) + 1)
            if len(branches) > 1:
                marks.append(f"fork {branch}")
        src, dst = endpoint(message.src, message.sport), endpoint(message.dst, message.dport)
        changes = message.method == "INVITE" and (message.from_tag, message.cseq) in again
        asked = RE_INVITE if changes else message.method
        answers = f" to {asked}" if message.status is not None and asked else ""
        yield Step(
            message.time, src, dst, label(message), style(message), _beside(message, marks), answers=answers,
            under=deciding.of(message), place=message.place,
        )


def _changing(call: Call) -> set[tuple[str | None, int | None]]:
    """The INVITEs within the dialog, by From tag and CSeq number."""
    return {
        (message.from_tag, message.cseq)
        for message in call.messages
        if message.method == "INVITE" and (message.to_tag if message.status is None else message.side == "caller")
    }


def _wants(description: Description) -> list[str]:
    """The effect of an offer or answer on the call: one direction, silence, a fax."""
    lines = [media for media in description.media if media.port]
    fax = ["fax"] if any("UDPTL" in media.profile.upper() for media in lines) else []
    directions = {media.direction for media in lines}
    if len(directions) == 1:
        return [*(directions - {"sendrecv"}), *fax]
    return [*sorted({f"{media.kind} {media.direction}" for media in lines if media.direction != "sendrecv"}), *fax]


def _branching(message: Message) -> bool:
    """Whether To's tag names the phone that answers: in what the caller answers to a re-INVITE it is the caller's."""
    answers = message.method == "INVITE" and message.side == "callee"
    return answers and bool(message.to_tag) and 100 < (message.status or 0) < 300


def _beside(message: Message, marks: list[str]) -> Line:
    """The message's frame and its special features first, as a narrow page cuts the end: its size and its body."""
    parts = [span(f"#{message.place.frame}", "dim")]
    if message.retransmission:
        parts.append(span("  again", "yellow"))
    parts += [span(f"  {mark}", "yellow") for mark in marks]
    parts.append(span(f"  {message.length:,} B", "dim"))
    if message.body is not None and message.body.status not in ("identity", "unsupported"):
        parts.append(span(f"  {inflation(message.body)}", "magenta"))
    return tuple(parts)


def _events(beside: Beside, call: Call) -> Iterator[Step]:
    """Media and RTCP of the call's streams; checks and handshakes between its hosts while it lasted."""
    streams = [beside.streams[position] for position in call.streams]
    parties = _parties(call)
    for stream in streams:
        sender = parties.get(stream.sender or "")
        receiver = next((end for side, end in parties.items() if side != stream.sender), None)
        moves = sorted([beside.flows[number] for number in stream.flows], key=lambda flow: flow.first)[1:]
        yield from _media(stream, moves, (sender, receiver))
    for flow in beside.messaging.get(call.call_id, ()):
        messages = sum(seen.count for seen in flow.protocols if seen.name == "MSRP")
        note = (span(f"{count(messages, 'message')}, {flow.octets:,} B over {flow.transport}", "dim"),)
        ends = endpoint(flow.src, flow.sport), endpoint(flow.dst, flow.dport)
        yield Step(flow.first, *ends, "MSRP begins", "bright_red", note, True)
    hosts = {address for message in call.messages for address in (message.src, message.dst)}
    hosts |= {address for stream in streams for address in (stream.src, stream.dst)}
    last = max([call.messages[-1].time if call.messages else call.start, *(stream.last for stream in streams)])
    for handshake in beside.handshakes.between(hosts, call.start - BEFORE_CALL_SECONDS, last):
        ends = endpoint(handshake.src, handshake.sport), endpoint(handshake.dst, handshake.dport)
        said = [handshake.outcome, handshake.srtp_profile or "", f"#{handshake.place.frame}"]
        note = (span("  ".join(filter(None, said)), "dim"),)
        yield Step(handshake.first, *ends, handshake.version or "DTLS", "magenta", note, True)
    for check in beside.checks.between(hosts, call.start - BEFORE_CALL_SECONDS, last):
        ends = endpoint(check.src, check.sport), endpoint(check.dst, check.dport)
        said = [f"{check.answered} of {check.requests} answered", "nominated" if check.nominated else ""]
        said += [milliseconds(check.round_trip_ms), f"#{check.place.frame}"]
        note = (span("  ".join(filter(None, said)), "dim" if check.answered else "red"),)
        yield Step(check.first, *ends, f"STUN {NAMES.get(check.kind, check.kind)}", "yellow", note, True)


def _parties(call: Call) -> dict[str, str]:
    """The signalling endpoint of each side, if its messages show it."""
    found: dict[str, str] = {}
    for message in call.messages:
        found.setdefault(message.side, endpoint(message.src, message.sport))
    return found


def _media(stream: Stream, moves: list[Flow], ends: tuple[str | None, str | None]) -> Iterator[Step]:
    """A stream from its beginning to its end, and RTCP about it; `moves` are the flows to which it went over."""
    src, dst = endpoint(stream.src, stream.sport), endpoint(stream.dst, stream.dport)
    name = "SRTP" if stream.encrypted else "RTP"
    codec = stream.codec or f"type {stream.payload_types[0].payload_type}"
    began = (span(f"{codec}, SSRC 0x{stream.ssrc:08X}  #{stream.first_place.frame}", "dim"),)
    yield Step(stream.first, src, dst, f"{name} begins", "green", began, True, ends)
    for flow in moves:
        src, dst = endpoint(flow.src, flow.sport), endpoint(flow.dst, flow.dport)
        moved = (span(f"SSRC 0x{stream.ssrc:08X}", "dim"),)
        yield Step(max(flow.first, stream.first), src, dst, f"{name} moves", "green", moved, True, ends)
    lost = f", {100 * stream.loss_rate:.1f} % lost" if stream.loss_rate else ""
    ended = (span(f"{count(stream.packets, 'packet')}{lost}  #{stream.last_place.frame}", "dim"),)
    yield Step(stream.last, src, dst, f"{name} ends", "green", ended, True, ends)
    view = stream.rtcp
    if view is not None and view.reports and view.last:
        trip = milliseconds(view.round_trip_ms) if (view.round_trip_ms or 0.0) >= MIN_ROUND_TRIP_MS else ""
        said = f"{100 * view.fraction_lost:.1f} % lost at worst" + (f", round trip {trip}" if trip else "")
        yield Step(view.last, dst, src, "RTCP report", "blue", (span(said, "dim"),), True, ends[::-1])
    if stream.end is not None:
        yield Step(stream.end, src, dst, "RTCP BYE", "blue", (span(f"SSRC 0x{stream.ssrc:08X}", "dim"),), True, ends)
