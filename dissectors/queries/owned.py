"""What of a report says that a frame is a call's: the frames of its messages, its sources, its ends, its time."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.mux.flows import packed
from dissectors.report import Call, Flow, Report, Session, Stream
from dissectors.wire.values import Struct, field

End = tuple[bytes, int]
Ends = tuple[bytes, int, bytes, int]
Frame = tuple[int, int]
"""A file's number and that of a frame in it."""

SLACK_NS = 5_000_000_000
"""How long before and after a call its ends may still belong to it, where another call used them, too."""


class Owned(Struct):
    """What says that something is a group's: one call, all legs of one, or all that a filter left.

    `places` are the frames of its messages, `sources` its SSRCs by flow, `ends` its ends of media, `pairs` flows whose
    traffic is its own; `first` and `last` are in nanoseconds.
    """

    places: set[Frame] = field(default_factory=set)
    sources: set[tuple[Ends, int]] = field(default_factory=set)
    ends: set[End] = field(default_factory=set)
    pairs: set[Ends] = field(default_factory=set)
    first: int = 1 << 62
    last: int = 0

    def within(self, first: float, last: float) -> None:
        """It lasts at least so long, in seconds."""
        self.first = min(self.first, int(first * 1e9))
        self.last = max(self.last, int(last * 1e9))

    def far(self, time: int) -> int:
        """How far a moment lies outside, in nanoseconds."""
        return max(0, self.first - SLACK_NS - time, time - self.last - SLACK_NS)


def owned(report: Report, calls: Iterable[int], streams: Iterable[int] = ()) -> Owned:
    """What is of these calls with their streams, and of these streams, by their positions in the report."""
    group, numbers, of_calls = Owned(), set(streams), set(calls)
    for position in of_calls:
        call = report.calls[position]
        numbers.update(call.streams)
        _add_call(group, call)
    for position in numbers:
        _add_stream(group, report, report.streams[position], report.streams[position].call in of_calls)
    for session in report.sessions:
        if session.call in of_calls or numbers.intersection(session.streams):
            _add_session(group, report, session, of_calls)
    return group


def of_selection(whole: Report, left: Report) -> list[Owned]:
    """What is of all that a selection left of a report, and what is of everything else.

    That is its calls and streams or, where there are none, its flows.
    """
    numbers = {call.number for call in left.calls}
    calls = [position for position, call in enumerate(whole.calls) if call.number in numbers]
    kept = {(stream.ssrc, stream.first_place) for stream in left.streams}
    streams = {
        position for position, stream in enumerate(whole.streams) if (stream.ssrc, stream.first_place) in kept
    }
    group = owned(whole, calls, streams)
    if not left.calls and not left.streams:
        ends = [(flow.src, flow.sport, flow.dst, flow.dport) for flow in left.flows]
        ends += [(check.src, check.sport, check.dst, check.dport) for check in left.checks]
        ends += [(each.src, each.sport, each.dst, each.dport) for each in left.handshakes]
        for one in ends:
            _add_pair(group, *one)
        return [group]
    others = set(range(len(whole.calls))).difference(calls)
    return [group, owned(whole, others, set(range(len(whole.streams))).difference(streams))]


def _add_call(group: Owned, call: Call) -> None:
    for message in call.messages:
        group.places.add((message.place.file, message.place.frame))
        group.within(message.time, message.time)
    for description in call.descriptions:
        for media in description.media:
            ports = {media.port, media.rtcp_port or media.port + 1} if media.port else set()
            for port in ports:
                _add_end(group, media.address, port)
            for text in media.endpoints:
                address, _, number = text.rpartition(":")
                if number.isdigit():
                    _add_end(group, address.strip("[]"), int(number))


def _add_stream(group: Owned, report: Report, stream: Stream, of_call: bool) -> None:
    group.within(stream.first, stream.last)
    for number in stream.flows:
        flow = report.flows[number]
        ends = ends_of(flow)
        if ends is not None:
            group.sources.add((ends, stream.ssrc))
            _add_pair(group, flow.src, flow.sport, flow.dst, flow.dport)
            if of_call:
                group.ends |= {ends[:2], ends[2:]}
            else:
                # What its RTCP has beside it, where that is no port of its own.
                for more in (0, 1):
                    _add_pair(group, flow.src, flow.sport + more, flow.dst, flow.dport + more)


def _add_session(group: Owned, report: Report, session: Session, calls: set[int]) -> None:
    """The pairs of a session; of one that several calls share, those with an end of media of these calls."""
    of = {report.streams[number].call for number in session.streams}
    shared = not of <= {None, *calls}
    for pair in session.pairs:
        one, two = packed(pair.src), packed(pair.dst)
        if not shared or (one, pair.sport) in group.ends or (two, pair.dport) in group.ends:
            _add_pair(group, pair.src, pair.sport, pair.dst, pair.dport)


def _add_end(group: Owned, address: str | None, port: int) -> None:
    octets = packed(address) if address else None
    if octets is not None and any(octets):
        group.ends.add((octets, port))


def _add_pair(group: Owned, src: str, sport: int, dst: str, dport: int) -> None:
    one, two = packed(src), packed(dst)
    if one is not None and two is not None:
        group.pairs |= {(one, sport, two, dport), (two, dport, one, sport)}


def ends_of(flow: Flow) -> Ends | None:
    """Both ends of a flow as they stand on the wire; None where one is no address."""
    src, dst = packed(flow.src), packed(flow.dst)
    return None if src is None or dst is None else (src, flow.sport, dst, flow.dport)
