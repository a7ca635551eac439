"""Selection: the calls, streams and flows of a report that match a filter and a time window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dissectors.queries.expressions import All, Expression, Values
from dissectors.queries.filters import NoFilter, without_scheme
from dissectors.report import (
    Call,
    Check,
    DataChannel,
    Finding,
    Flow,
    Handshake,
    Legs,
    Report,
    Session,
    Stream,
    Tls,
    Unsent,
)
from dissectors.wire.datagram import TLS
from dissectors.wire.values import Struct, replace

MAX_NUMBER_DIGITS = 5
SEVERAL = re.compile(r"(\d{1,5})(-|\.\.|,)(?:\d{1,5},)*(\d{1,5})")
"""What people write who want more calls than one."""

MAX_LISTED, MAX_NAME = 5, 24
"""Of calls that are listed in a message: how many, and how much of each Call-ID."""


class Window(Struct, frozen=True):
    """Seconds from the start of the capture; None is an open end."""

    begin: float | None = None
    end: float | None = None

    def overlaps(self, zero: float, first: float, last: float) -> bool:
        """Whether a time from `first` to `last` overlaps the window."""
        after = self.begin is None or last - zero >= self.begin
        return after and (self.end is None or first - zero <= self.end)


def of_call(report: Report, number: int, call: Call, found: dict[int, list[Finding]]) -> Values:
    """The values of a call with its streams; loss and score are those of its worst stream."""
    streams = [report.streams[position] for position in call.streams]
    scores = [each.quality.mos for each in streams if each.quality and each.quality.mos is not None]
    ends = [(m.src, m.sport) for m in call.messages] + [(m.dst, m.dport) for m in call.messages]
    ends += [end for s in streams for end in ((s.src, s.sport), (s.dst, s.dport))]
    names = {without_scheme((who or "").lower()) for who in (call.caller, call.callee)}
    flows = {position for stream in streams for position in stream.flows}
    return {
        "callid": {call.call_id.lower()},
        "user": names | {name.partition("@")[0] for name in names},
        "addr": {address for address, _ in ends},
        "port": {str(port) for _, port in ends},
        "ssrc": {name for stream in streams for name in _ssrc(stream)},
        "method": {message.method.lower() for message in call.messages if message.status is None},
        "cseq.method": {message.method.lower() for message in call.messages},
        "call": {str(call.number)},
        "status": {str(call.status)} if call.status else set(),
        "any.status": {str(message.status) for message in call.messages if message.status},
        "outcome": {call.outcome},
        "duration": {str(duration)} if (duration := call.talked(report.capture.last)) is not None else set(),
        "codec": {stream.codec.lower() for stream in streams if stream.codec},
        "loss": {str(100 * max(stream.lost_fraction for stream in streams))} if streams else set(),
        "mos": {str(min(scores))} if scores else set(),
        "protocol": {call.signalling.lower()}
        | {seen.name.lower() for each in flows for seen in report.flows[each].protocols},
        "transport": {message.transport for message in call.messages},
        "finding": {each.id for each in found.get(number, ())},
        "severity": {each.severity for each in found.get(number, ())},
    }


def found_by(report: Report) -> tuple[dict[int, list[Finding]], dict[int, list[Finding]]]:
    """The findings of each call, and those of each stream, by position."""
    of_calls: dict[int, list[Finding]] = {}
    of_streams: dict[int, list[Finding]] = {}
    for finding in report.findings:
        if finding.call is not None:
            of_calls.setdefault(finding.call, []).append(finding)
        if finding.stream is not None:
            of_streams.setdefault(finding.stream, []).append(finding)
    return of_calls, of_streams


def _ssrc(stream: Stream) -> set[str]:
    """An SSRC in its two written forms."""
    return {str(stream.ssrc), f"0x{stream.ssrc:08x}"}


def of_ends(
    one: Stream | Flow | Check | Handshake | Tls | DataChannel | Unsent, protocols: set[str], found: list[Finding]
) -> dict[str, set[str]]:
    """The values of traffic from one endpoint to another."""
    values: dict[str, set[str]] = {
        "addr": {one.src, one.dst},
        "port": {str(one.sport), str(one.dport)},
        "protocol": protocols,
        "finding": {each.id for each in found},
        "severity": {each.severity for each in found},
    }
    if isinstance(one, Flow):
        values |= {"transport": {one.transport}}
    if isinstance(one, Tls):
        values |= {"transport": {TLS}}
    if isinstance(one, Stream):
        values |= {"ssrc": _ssrc(one), "loss": {str(100 * one.lost_fraction)}}
        values |= {"codec": {one.codec.lower()}} if one.codec else {}
        values |= {"mos": {str(one.quality.mos)}} if one.quality and one.quality.mos is not None else {}
    return values


def select(report: Report, keep: Expression | None = None, window: Window | None = None) -> Report:
    """The report on the selection: calls with their streams, streams without a call, flows, checks, findings.

    The totals of the capture do not change. A selected call keeps everything that belongs to it.
    """
    chosen = _Choice(report, keep or All(()), window or Window())
    calls = [number for number, call in enumerate(report.calls) if chosen.call(number, call)]
    owned = {position for number in calls for position in report.calls[number].streams}
    alone = {n for n, stream in enumerate(report.streams) if stream.call is None and chosen.stream(n, stream)}
    streams = sorted(owned | alone)
    with_streams = {position for number in streams for position in report.streams[number].flows}
    hops = {(m.src, m.sport, m.dst, m.dport, m.transport) for number in calls for m in report.calls[number].messages}
    named = {report.calls[number].call_id for number in calls}
    flows = [
        n for n, flow in enumerate(report.flows)
        if n in with_streams or chosen.flow(flow) or flow.call_id in named
        or (flow.src, flow.sport, flow.dst, flow.dport, flow.transport) in hops
    ]
    call_at, stream_at, flow_at = ({old: new for new, old in enumerate(kept)} for kept in (calls, streams, flows))
    return replace(
        report,
        flows=tuple(report.flows[n] for n in flows),
        calls=tuple(
            replace(report.calls[n], streams=tuple(stream_at[s] for s in report.calls[n].streams)) for n in calls
        ),
        streams=tuple(
            replace(
                report.streams[n],
                flows=tuple(flow_at[f] for f in report.streams[n].flows),
                call=None if (of := report.streams[n].call) is None else call_at[of],
                ways=tuple(stream_at[way] for way in report.streams[n].ways if way in stream_at),
                way_of=None if (first := report.streams[n].way_of) is None else stream_at.get(first),
                continues=None if (before := report.streams[n].continues) is None else stream_at.get(before),
            )
            for n in streams
        ),
        checks=tuple(check for check in report.checks if chosen.ends(check, {"stun"})),
        handshakes=tuple(each for each in report.handshakes if chosen.ends(each, {"dtls"})),
        findings=tuple(_found(report, chosen, call_at, stream_at)),
        legs=tuple(_legs(report, call_at)),
        tls=tuple(each for each in report.tls if chosen.ends(each, {"tls"})),
        data_channels=tuple(each for each in report.data_channels if chosen.ends(each, {"dtls"})),
        sessions=tuple(_sessions(report, chosen, call_at, stream_at)),
        unsent=tuple(each for each in report.unsent if chosen.ends(each, {"rtcp"})),
    )


def _sessions(report: Report, chosen: _Choice, call_at: dict[int, int], stream_at: dict[int, int]) -> Iterator[Session]:
    """The sessions of which something is selected, with the new positions of what is."""
    checks = [n for n, check in enumerate(report.checks) if report.sessions and chosen.ends(check, {"stun"})]
    handshakes = [n for n, each in enumerate(report.handshakes) if report.sessions and chosen.ends(each, {"dtls"})]
    check_at, handshake_at = ({old: new for new, old in enumerate(kept)} for kept in (checks, handshakes))
    for each in report.sessions:
        kept = [
            tuple(new[number] for number in numbers if number in new)
            for numbers, new in (
                (each.checks, check_at), (each.handshakes, handshake_at), (each.streams, stream_at),
            )
        ]
        if any(kept):
            call = None if each.call is None else call_at.get(each.call)
            yield replace(each, checks=kept[0], handshakes=kept[1], streams=kept[2], call=call)


def find_call(report: Report, name: str) -> Call:
    """The call that is named by its number, its Call-ID, or a part of that which no other has; else raises NoFilter."""
    for call in report.calls:
        if name in (str(call.number), f"#{call.number}", call.call_id):
            return call
    if several := SEVERAL.fullmatch(name):
        low, mark, high = several.groups()
        both = f"call>={low} and call<={high}" if mark != "," else f"call=={low} or call=={high}"
        raise NoFilter(f"{name!r} are several calls; -Y '{both}' shows them")
    # A short number that no call has is a number all the same, and no part of a Call-ID.
    part = "" if name.isdecimal() and len(name) <= MAX_NUMBER_DIGITS else name.lower()
    found = [call for call in report.calls if part and part in call.call_id.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoFilter(f"{len(found)} calls have {name!r} in their Call-ID: {listing(found)}")
    there = f"there are {listing(report.calls)}" if report.calls else "there is none at all"
    raise NoFilter(f"no call {name!r}; {there}")


def listing(calls: Sequence[Call]) -> str:
    """The first few calls, by number and Call-ID."""
    names = [f"{call.number} ({call.call_id[:MAX_NAME]})" for call in calls[:MAX_LISTED]]
    return ", ".join(names) + (f" and {len(calls) - MAX_LISTED} more" if len(calls) > MAX_LISTED else "")


def nothing_left(report: Report, filtered: bool = True) -> bool:
    """Whether a selection kept nothing; a finding on the whole capture counts only if the report was `filtered`.

    A time window without a filter always keeps such a finding.
    """
    there = report.calls or report.streams or report.flows or report.checks or report.handshakes
    return not (there or filtered and report.findings)


def _found(report: Report, chosen: _Choice, call_at: dict[int, int], stream_at: dict[int, int]) -> Iterator[Finding]:
    for each in report.findings:
        if each.call is None and each.stream is None:
            if chosen.keep({"finding": {each.id}, "severity": {each.severity}}):
                yield each
        elif each.call in call_at or each.stream in stream_at:
            call = None if each.call is None else call_at.get(each.call)
            stream = None if each.stream is None else stream_at.get(each.stream)
            yield replace(each, call=call, stream=stream)


def _legs(report: Report, call_at: dict[int, int]) -> Iterator[Legs]:
    """The legs of which at least two are selected."""
    for each in report.legs:
        calls = tuple(call_at[number] for number in each.calls if number in call_at)
        if len(calls) > 1:
            yield replace(each, calls=calls)


class _Choice:
    """Whether one part of a report is selected."""

    def __init__(self, report: Report, keep: Expression, window: Window) -> None:
        self.report, self.keep, self.window = report, keep, window
        self.zero = report.capture.first or 0.0
        self.of_calls, self.of_streams = found_by(report)

    def call(self, number: int, call: Call) -> bool:
        last = max([call.start, *(message.time for message in call.messages[-1:])])
        last = max([last, *(self.report.streams[position].last for position in call.streams)])
        there = self.window.overlaps(self.zero, call.start, last)
        return there and self.keep(of_call(self.report, number, call, self.of_calls))

    def stream(self, number: int, stream: Stream) -> bool:
        ends = of_ends(stream, {"rtp"}, self.of_streams.get(number, []))
        values = {**ends, "transport": {self.report.flows[each].transport for each in stream.flows}}
        return self.window.overlaps(self.zero, stream.first, stream.last) and self.keep(values)

    def flow(self, flow: Flow) -> bool:
        return self.ends(flow, {seen.name.lower() for seen in flow.protocols})

    def ends(self, one: Flow | Check | Handshake | Tls | DataChannel | Unsent, protocols: set[str]) -> bool:
        return self.window.overlaps(self.zero, one.first, one.last) and self.keep(of_ends(one, protocols, []))
