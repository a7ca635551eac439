"""From trackers and the tables of a scan to the values of a report that the rules look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.connectivity.asked import Asked
from dissectors.analysis.connectivity.joining import CHECK
from dissectors.analysis.streams.bitrates import bitrates
from dissectors.analysis.streams.directory import Directory, Joined, reread
from dissectors.analysis.streams.fax import NO_FAX, Fax, FaxEnds, known, together
from dissectors.analysis.streams.relations import related
from dissectors.analysis.streams.repairs import Repairs, is_announced_rtx, is_numbered
from dissectors.analysis.streams.rtcp import pairs_of
from dissectors.analysis.streams.stream import Said, event_types, flows_of, is_covered, stream, used_by_retired
from dissectors.engine.damage import damaged
from dissectors.engine.fragments import incomplete
from dissectors.engine.messaging import with_calls
from dissectors.engine.trackers import Trackers
from dissectors.engine.unread import not_read
from dissectors.engine.view import ScanTables
from dissectors.findings.outlines import CallOutline, Calls, Outline, Outlined, Streams, Unheard
from dissectors.findings.plain import is_plain, outline, says_little
from dissectors.findings.rule import Facts, Problem
from dissectors.findings.traits import ORDINARY, SILENT
from dissectors.mux.connections import Connections
from dissectors.mux.counters import Counters
from dissectors.mux.evidence import KEYED
from dissectors.mux.flows import FlowKey, FlowState
from dissectors.mux.table import PROTOCOLS, UNKNOWN
from dissectors.report import (
    Bitrate,
    Call,
    Capture,
    CaptureFile,
    Check,
    Flow,
    Handshake,
    KeySource,
    Place,
    Protection,
    Seen,
    Session,
    Stream,
    Tls,
    Unsent,
)
from dissectors.report.flows import Flows
from dissectors.wire import datagram
from dissectors.wire.values import NamedTuple, Struct, replace

if TYPE_CHECKING:
    from dissectors.analysis.calls.talk import Talk
    from dissectors.crypto.secrets import Secrets

_begin = attrgetter("first", "first_frame")

MAX_REMEMBERED_COUNTS = 256
"""How many counts of a flow's protocols are remembered, as the report has them."""


class Chosen(Struct, frozen=True):
    """The calls, checks, handshakes and RTCP that a report is about, where it is not about all of them.

    `joined` says to which of the calls each stream belongs, by the stream's identity, where only rules look at them,
    and `plain` has those of streams of which it is known that they are plain. Of calls, those that are unread are
    outlined, too.
    """

    calls: Iterable[CallState | Talk] | None = None
    checks: Iterable[Asked] | None = None
    handshakes: tuple[Handshake, ...] | None = None
    protection: tuple[Protection, ...] | None = None
    joined: Mapping[int, Joined] | None = None
    plain: Container[int] = ()


EVERYTHING = Chosen()

Given = tuple[Counters, datagram.Flow, tuple[int, ...], Joined | None, int | None, bool, Said]
"""Of what the value of a stream is made; see `streams.stream`."""


class Members(Struct, frozen=True):
    """The streams in order, the positions of those of each call by its number, and those of calls that were retired.

    `striking` are those that are not plain, with their positions.
    """

    streams: Sequence[Stream]
    striking: Sequence[tuple[int, Stream]]
    of_call: dict[int, list[int]]
    of_retired: list[Counters]


def facts(
    trackers: Trackers, scan: ScanTables, files: tuple[CaptureFile, ...], problems: tuple[Problem, ...],
    chosen: Chosen = EVERYTHING, retired_fax: Fax = NO_FAX, last: bool = False,
) -> tuple[Facts, list[Counters]]:
    """What the rules look at, and the streams whose call was retired; `retired_fax` was on flows that are gone.

    After the `last` ones nobody asks again: each call is let go once it is told, so that no two of it are there.
    """
    if last:
        trackers.wait_no_longer()
    calls: Sequence[CallState | Talk]
    if chosen.calls is None:
        # One list: who takes them out of it one by one lets go of them.
        calls = read = trackers.calls.opened()
    else:
        calls = [*chosen.calls]
        read = [call for call in calls if isinstance(call, CallState)]
    checks = trackers.checks.asked.values() if chosen.checks is None else chosen.checks
    # Who asks for flows by their ends or ports wants to look at them one by one.
    unread, fax = not_read(scan), _fax(scan, FaxEnds(read, trackers.calls.retired_media))
    states = [state for state in scan.flows.recognised() if not _is_guess(state)]
    quiet = scan.flows.quiet(last)
    at = [*range(len(states))] if quiet is None else [n + quiet.before(state.number) for n, state in enumerate(states)]
    members = _members(trackers, scan, dict(zip(at, states, strict=True)), calls, chosen)
    # One that shares its flow is not plain.
    rates = bitrates([stream for _, stream in members.striking])

    def flow(number: int) -> Flow:
        return _flow(states[number], fax.get(states[number].number, NO_FAX), rates.get(at[number], ()))

    end = scan.last or 0
    every: Sequence[Call]
    if len(read) < len(calls):
        every = _outlined(trackers, calls, end, members.of_call)
    else:
        every = tuple(_calls(read, end, members.of_call, trackers.calls.calls if last else {}))
    flows: Sequence[Flow] = Outlined(states, (), flow)
    if chosen.joined is None:
        known_flows = with_calls(tuple([flow(number) for number in range(len(states))]), every)
        flows = known_flows if quiet is None else Flows(known_flows, at, quiet, _quiet_flow)
    asked = tuple(each.to_report() for each in checks)
    shaken = trackers.handshakes.to_report() if chosen.handshakes is None else chosen.handshakes
    joined, shaken = _sessions(asked, shaken, members.streams, flows, every)
    values = Facts(
        capture=replace(
            capture(scan, files, together((retired_fax, *fax.values()))), not_read=unread,
            keys=() if scan.connections.secrets is None else key_sources(scan.connections.secrets),
        ),
        flows=flows,
        calls=every,
        streams=members.streams,
        checks=asked,
        handshakes=shaken,
        protection=trackers.control.protection() if chosen.protection is None else chosen.protection,
        problems=problems,
        sessions=joined,
        incomplete=incomplete(scan.frames.fragments),
        damaged=damaged(scan.connections),
        tls=secured(scan.connections) if scan.connections.secured else (),
        unsent=unsent(trackers, scan) if chosen is EVERYTHING else (),
    )
    return values, members.of_retired


def _fax(scan: ScanTables, ends: FaxEnds) -> dict[int, Fax]:
    """What is UDPTL of flows that hold some, by their numbers; mostly nobody agreed on any."""
    places = ends.everywhere()
    found = {state.number: ends.carried(state) for state in scan.flows.with_ends(places)} if places else {}
    return {number: fax for number, fax in found.items() if fax.datagrams}


def facts_of_paths(
    trackers: Trackers, scan: ScanTables, states: Iterable[FlowState], streams: Sequence[Stream]
) -> Facts:
    """What the rules look at of these flows alone: checks, handshakes and RTCP; `streams` are those on them."""
    flows = dict.fromkeys(state.flow for state in states)
    asked = trackers.checks.on(flows)
    # Rules about checks ask what else came on a flow, and on its way back.
    ways = {way for each in asked for way in (each.flow, each.flow.reverse)}
    checks = tuple(each.to_report() for each in asked)
    joined, handshakes = _sessions(checks, trackers.handshakes.to_report(flows), streams, (), ())
    return Facts(
        capture=capture(scan, ()),
        flows=tuple(_flow(state) for state in states if state.flow in ways),
        calls=(),
        streams=streams,
        checks=checks,
        handshakes=handshakes,
        protection=trackers.control.protection(flows),
        problems=(),
        sessions=joined,
    )


def _sessions(
    checks: tuple[Check, ...], handshakes: tuple[Handshake, ...], streams: Sequence[Stream], flows: Sequence[Flow],
    calls: Sequence[Call],
) -> tuple[tuple[Session, ...], tuple[Handshake, ...]]:
    """The sessions, and the handshakes joined over them; where there is neither ICE nor DTLS, nothing is to be joined.
    """
    if not (checks or handshakes):
        return (), ()
    from dissectors.analysis.connectivity.sessions import sessions

    return sessions(checks, handshakes, streams, flows, calls)


def secured(connections: Connections) -> tuple[Tls, ...]:
    """What the handshakes of TLS say; most captures have none, and need nothing of what reads them."""
    from dissectors.engine.secured import connections_of_tls

    return tuple(connections_of_tls(connections))


def unsent(trackers: Trackers, scan: ScanTables) -> tuple[Unsent, ...]:
    """The sources that RTCP names and that nobody sends; mostly there are none."""
    heard, told = trackers.control.beside({each.ssrc for each in scan.streams})
    if not heard and not told:
        return ()
    from dissectors.analysis.streams.unsent import named

    return tuple(named(heard, told))


def key_sources(secrets: Secrets) -> tuple[KeySource, ...]:
    """Where the keys came from that were there to open TLS."""
    return tuple(KeySource(name, origin, count) for (name, origin), count in secrets.sources.items())


def _members(
    trackers: Trackers, scan: ScanTables, states: Mapping[int, FlowState], calls: Sequence[CallState | Talk],
    chosen: Chosen,
) -> Members:
    """Every stream with the call it belongs to, given the flows by their positions."""
    numbers = {id(call): number for number, call in enumerate(calls)}
    of_call: dict[int, list[int]] = {}
    of_retired: list[Counters] = []
    control, repairs = trackers.control, Repairs(scan.streams)
    nothing = Said(None, None, None, None, 0, repairs, ())
    named = Counter([counters.ssrc for counters in scan.streams])

    def said(counters: Counters, on: Sequence[int]) -> Said:
        if control.silent:
            return nothing
        used, alone = [states[position].flow for position in on], named[counters.ssrc] == 1
        pairs = pairs_of(used)
        return Said(
            heard=control.heard(counters.ssrc, pairs, alone),
            end=control.said_bye(counters.ssrc, pairs, alone),
            told=control.told(counters.ssrc, pairs, alone),
            shared=control.told(0, pairs, False),
            transport=control.transport_feedback(used),
            repairs=repairs,
            clocked=control.clocked(counters.ssrc, pairs, alone),
        )

    def given(position: int) -> Given:
        counters, on, joined, keyed = found[position]
        call = None if joined is None else numbers[id(joined.call)]
        return counters, states[on[0]].flow, tuple(on), joined, call, keyed, said(counters, on)

    def outlined(position: int) -> Outline:
        counters, on, joined, _ = found[position]
        # What is plain belongs to a call.
        return outline(counters, states[on[0]].flow, joined)  # type: ignore[arg-type]

    # Of what is only looked at by rules, what is plain need not be made.
    rules = chosen.joined is not None
    on_flow = Counter([number for counters in scan.streams for number in counters.flows]) if rules else {}
    found = [*_joined(trackers, scan, states, calls, chosen, of_retired)]
    counted: dict[int, Counters] = {}
    made: dict[int, Stream] = {}
    for position, (counters, on, joined, keyed) in enumerate(found):
        if joined is not None:
            of_call.setdefault(numbers[id(joined.call)], []).append(position)
        if id(counters) in chosen.plain:
            continue
        if rules and named[counters.ssrc] == 1 and [on_flow[each] for each in counters.flows] == [1]:
            now = said(counters, on)
            if says_little(now.heard, now.told, now.shared, now.clocked) and is_plain(counters, joined, keyed):
                continue
        counted[position], made[position] = counters, stream(*given(position))
    made.update(related(made, counted))
    streams: Sequence[Stream] = tuple(made.values())
    if len(made) < len(found):
        outlines: Outlined[Outline | Stream, Any] = Outlined(found, made.items(), outlined)
        streams = Streams(outlines, [*made.items()], lambda position: stream(*_read(trackers, given(position))))
    return Members(streams, [*made.items()], of_call, of_retired)


def _read(trackers: Trackers, given: Given) -> Given:
    """What is given of a stream, when its call is read if that was not done before."""
    counters, flow, on, joined, call, keyed, said = given
    if joined is None or isinstance(joined.call, CallState):
        return given
    return counters, flow, on, reread(joined, trackers.calls.open(joined.call), flow), call, keyed, said


def _joined(
    trackers: Trackers, scan: ScanTables, states: Mapping[int, FlowState], calls: Sequence[CallState | Talk],
    chosen: Chosen, of_retired: list[Counters],
) -> Iterator[tuple[Counters, list[int], Joined | None, bool]]:
    """Every stream with the positions of its flows, the call it belongs to, and whether its flows have keys.

    Those of calls that were retired go to `of_retired`.
    """
    known = chosen.joined
    positions = {state.number: position for position, state in states.items()}
    streams = sorted(scan.streams, key=_begin)
    # It is made of every call, and only streams are looked up in it.
    directory = Directory(
        [call for call in calls if isinstance(call, CallState)] if streams and known is None else ()
    )
    keyed = _keyed(trackers, states.values()) if streams and trackers.checks.asked else set()
    for counters in streams:
        on = flows_of(counters, positions)
        if not on:
            continue
        if known is not None and id(counters) in chosen.plain:
            yield counters, on, known[id(counters)], False
            continue
        flow = states[on[0]].flow
        joined = directory.join(counters, flow) if known is None else known.get(id(counters))
        if joined is None and used_by_retired(counters, flow, trackers.calls.retired_media):
            of_retired.append(counters)
            continue
        yield counters, on, joined, any(
            [states[position].pair.seen & KEYED or states[position].flow in keyed for position in on]
        )


class Media(NamedTuple):
    """The flows and the SSRC of a stream, and whether it is encrypted.

    If not, `events` are the payload types that are read as telephone events, and `numbered` says that its payloads
    begin with numbers of what is sent again.
    """

    flows: list[FlowKey]
    ssrc: int
    encrypted: bool
    events: frozenset[int]
    numbered: bool


def media(trackers: Trackers, scan: ScanTables) -> Iterator[Media]:
    """Every stream, as `facts` says it."""
    states = {number: state for number, state in enumerate(scan.flows.recognised()) if not _is_guess(state)}
    for counters, on, joined, keyed in _joined(trackers, scan, states, trackers.calls.opened(), EVERYTHING, []):
        flows, covered = [states[position].key for position in on], is_covered(counters, joined, keyed)
        events = frozenset() if covered else frozenset(event_types(counters, joined, covered)[1])
        numbered = not covered and (is_announced_rtx(counters, joined) or is_numbered(counters))
        yield Media(flows, counters.ssrc, covered, events, numbered)


def _keyed(trackers: Trackers, states: Iterable[FlowState]) -> set[datagram.Flow]:
    """The flows whose credentials of ICE are those of a 5-tuple that has keys: a session has them wherever it moves."""
    by_flow = {state.flow: state.pair for state in states if state.pair.seen & KEYED}
    if not by_flow:
        return set()
    names = {name for flow, _ in trackers.checks.asked if flow in by_flow for name in _names(trackers, flow)}
    found: set[datagram.Flow] = set()
    for flow, _ in trackers.checks.asked if names else ():
        if flow not in by_flow and not names.isdisjoint(_names(trackers, flow)):
            found |= {flow, flow.reverse}
    return found


def _names(trackers: Trackers, flow: datagram.Flow) -> Iterator[str]:
    asked = trackers.checks.asked.get((flow, CHECK))
    return iter(asked.usernames if asked is not None else ())


def capture(scan: ScanTables, files: tuple[CaptureFile, ...], fax: Fax = NO_FAX) -> Capture:
    """What was captured, and what the scan made of it; so much of what it does not know is UDPTL.

    What is not read is looked for in all flows, so it is told apart from this.
    """
    first, last = scan.first, scan.last
    counts, octets = known(scan.counts, fax.datagrams), known(scan.octets, fax.octets)
    opened = {port for each in scan.connections.secured.values() if each.carries for port in (each.key[1], each.key[3])}
    kinds = [(PROTOCOLS[number], count, octets[number]) for number, count in enumerate(counts) if count]
    return Capture(
        files=files,
        frames=sum(file.frames for file in files),
        datagrams=scan.datagrams,
        inside=scan.inside,
        first=None if first is None else first / 1e9,
        last=None if last is None else last / 1e9,
        duration=0.0 if first is None or last is None else (last - first) / 1e9,
        protocols=tuple(Seen(*kind) for kind in sorted(kinds, key=lambda kind: -kind[1])),
        encapsulations=tuple(Seen(name, count) for name, count in scan.frames.encapsulations.items()),
        not_analysed=tuple(
            Seen(f"{what} on TCP port {port}", count) for (port, what), count in scan.frames.tcp_seen.items()
            if port not in opened
        ),
        tcp_segments=scan.frames.segments.count,
        scan=scan.build,
        messages=scan.messages,
        agents=tuple(Seen(name or "without a name", count) for name, count in scan.connections.agents.items()),
    )


def _is_guess(state: FlowState) -> bool:
    """Whether a flow is only what TURN would carry if it were TURN."""
    return bool(state.inside) and sum(state.counts) == state.counts[UNKNOWN]


def _flow(state: FlowState, fax: Fax = NO_FAX, rates: tuple[Bitrate, ...] = ()) -> Flow:
    flow = state.flow
    return Flow(
        src=flow.src,
        sport=flow.sport,
        dst=flow.dst,
        dport=flow.dport,
        inside=flow.inside,
        first=state.first / 1e9,
        last=state.last / 1e9,
        datagrams=state.datagrams,
        octets=state.octets,
        protocols=_seen(tuple(known(state.counts, fax.datagrams) if fax.datagrams else state.counts)),
        encrypted=state.encrypted,
        transport=flow.transport,
        bitrates=rates,
    )


def _quiet_flow(
    src: str, sport: int, dst: str, dport: int, first: float, last: float, datagrams: int, octets: int, encrypted: int,
    unknown: int,
) -> Flow:
    """The flow with these values, on which nothing was recognised."""
    seen = (Seen(PROTOCOLS[UNKNOWN], unknown),) if unknown else ()
    return Flow(src, sport, dst, dport, "", first, last, datagrams, octets, seen, encrypted)


@lru_cache(MAX_REMEMBERED_COUNTS)
def _seen(counts: tuple[int, ...]) -> tuple[Seen, ...]:
    """How often each protocol was seen, the most frequent first: flows of little are many and alike."""
    seen = [Seen(PROTOCOLS[number], count) for number, count in enumerate(counts) if count]
    return tuple(sorted(seen, key=lambda each: -each.count))


def _calls(
    calls: list[CallState], end: int, members: Mapping[int, list[int]], tracked: MutableMapping[str, Any]
) -> Iterator[Call]:
    """The values of calls, each of which is taken from the list and from what is tracked."""
    calls.reverse()
    for number in range(len(calls)):
        call = calls.pop()
        yield told(call, end, tuple(members.get(number, ())))
        tracked.pop(call.call_id, None)


def _outlined(
    trackers: Trackers, calls: Sequence[CallState | Talk], end: int, members: Mapping[int, list[int]]
) -> Calls:
    """The calls, of which those that are unread are read once somebody looks at them."""
    made = {
        number: told(call, end, tuple(members.get(number, ())))
        for number, call in enumerate(calls) if isinstance(call, CallState)
    }
    every = [
        made[number] if isinstance(call, CallState) else _outline(call, number in members)
        for number, call in enumerate(calls)
    ]

    def read(number: int) -> Call:
        return told(trackers.calls.open(calls[number]), end, tuple(members.get(number, ())))

    return Calls(every, made.items(), read)


def _outline(talk: Talk, is_heard: bool) -> CallOutline:
    """What is known of a call that is plain, without reading it."""
    (src, _), (dst, _) = talk.ends
    if is_heard:
        return CallOutline(ORDINARY, src, dst, talk.entries)
    (here, _), (there, _) = talk.announced
    places = tuple([Place(each.entry.file, each.entry.frame) for each in talk.offered])
    unheard = Unheard(
        (talk.answered or 0) / 1e9, _seconds(talk.ended), frozenset(talk.announced), ((here, there),), places
    )
    return CallOutline(ORDINARY.union((SILENT,)), src, dst, talk.entries, unheard)


def told(call: CallState, end: int, members: tuple[int, ...]) -> Call:
    """The report's value of a call in a capture that ends then, in nanoseconds, with the positions of its streams."""
    return Call(
        call_id=call.call_id,
        kind=call.kind,  # type: ignore[arg-type]  # KINDS holds nothing else
        outcome=call.outcome_at(end),
        caller=call.caller,
        callee=call.callee,
        start=call.start / 1e9,
        ringing=_seconds(call.ringing),
        answered=_seconds(call.answered),
        ended=_seconds(call.ended),
        ended_by=call.ended_by,
        status=call.status,
        dialogs=call.dialogs.to_report(call.call_id),
        user_agents=call.user_agents,
        messages=tuple(call.messages),
        descriptions=call.descriptions,
        streams=members,
        returned=call.returned,
        number=call.number,
        signalling=call.signalling,
    )


def _seconds(time: int | None) -> float | None:
    return None if time is None else time / 1e9
