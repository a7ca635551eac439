"""From trackers and the tables of a scan to the values of a report that the rules look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.streams.bitrates import bitrates
from dissectors.analysis.streams.fax import NO_FAX, Fax, FaxEnds, known, together
from dissectors.engine.damage import damaged
from dissectors.engine.fragments import incomplete
from dissectors.engine.icmp import icmp_errors
from dissectors.engine.members import EVERYTHING, Chosen, is_guess, members
from dissectors.engine.messaging import with_calls
from dissectors.engine.trackers import Trackers
from dissectors.engine.unread import not_read
from dissectors.engine.view import ScanTables
from dissectors.findings.media_traits import EARLY
from dissectors.findings.outlines import CallOutline, Calls, HeardEarly, Outline, Outlined, Unheard, outlined
from dissectors.findings.rule import Facts, Problem
from dissectors.findings.traits import ORDINARY, SILENT
from dissectors.mux.connections import Connections
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
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
    Seen,
    Session,
    Stream,
    Tls,
    Unsent,
)
from dissectors.report.flows import Flows
from dissectors.wire.values import replace

if TYPE_CHECKING:
    from dissectors.analysis.calls.talk import Talk
    from dissectors.crypto.secrets import Secrets

UNHEARD_TRAITS, EARLY_TRAITS = ORDINARY.union((SILENT,)), ORDINARY.union((EARLY,))
"""What a plain call may have at most that has no stream, and one that was heard before it was answered."""

MAX_REMEMBERED_COUNTS = 256
"""How many counts of a flow's protocols are remembered, as the report has them."""


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
    states = [state for state in scan.flows.recognised() if not is_guess(state)]
    quiet = scan.flows.quiet(last)
    at = [*range(len(states))] if quiet is None else [n + quiet.before(state.number) for n, state in enumerate(states)]
    belonging = members(trackers, scan, dict(zip(at, states, strict=True)), calls, chosen)
    # One that shares its flow is not plain.
    rates = bitrates([stream for _, stream in belonging.striking])

    def flow(number: int) -> Flow:
        return _flow(states[number], fax.get(states[number].number, NO_FAX), rates.get(at[number], ()))

    end = scan.last or 0
    every: Sequence[Call]
    if len(read) < len(calls):
        every = _outlined(trackers, calls, end, belonging.of_call, belonging.streams)
    else:
        every = tuple(_calls(read, end, belonging.of_call, trackers.calls.calls if last else {}))
    flows: Sequence[Flow] = Outlined(states, (), flow)
    if chosen.joined is None:
        known_flows = with_calls(tuple([flow(number) for number in range(len(states))]), every)
        flows = known_flows if quiet is None else Flows(known_flows, at, quiet, _quiet_flow)
    asked = tuple(each.to_report() for each in checks)
    shaken = trackers.handshakes.to_report() if chosen.handshakes is None else chosen.handshakes
    joined, shaken = _sessions(asked, shaken, belonging.streams, flows, every)
    values = Facts(
        capture=replace(
            capture(scan, files, together((retired_fax, *fax.values()))), not_read=unread,
            keys=() if scan.connections.secrets is None else key_sources(scan.connections.secrets),
        ),
        flows=flows,
        calls=every,
        streams=belonging.streams,
        checks=asked,
        handshakes=shaken,
        protection=trackers.control.protection() if chosen.protection is None else chosen.protection,
        problems=problems,
        sessions=joined,
        incomplete=incomplete(scan.frames.fragments),
        damaged=damaged(scan.connections),
        icmp=icmp_errors(scan.frames.errors),
        tls=secured(scan.connections) if scan.connections.secured else (),
        unsent=unsent(trackers, scan) if chosen is EVERYTHING else (),
    )
    return values, belonging.of_retired


def _fax(scan: ScanTables, ends: FaxEnds) -> dict[int, Fax]:
    """What is UDPTL of flows that hold some, by their numbers; mostly nobody agreed on any."""
    places = ends.everywhere()
    found = {state.number: ends.carried(state) for state in scan.flows.with_ends(places)} if places else {}
    return {number: fax for number, fax in found.items() if fax.datagrams}


def facts_of_paths(
    trackers: Trackers, scan: ScanTables, states: Iterable[FlowState], streams: Sequence[Stream]
) -> Facts:
    """What the rules look at of these flows alone: checks, handshakes, RTCP and ICMP; `streams` are those on them."""
    errors = icmp_errors(scan.frames.errors)
    silent = not (trackers.checks.asked or errors) and trackers.handshakes.silent and trackers.control.silent
    # Then nobody asks for a flow.
    flows = dict.fromkeys([] if silent else [state.flow for state in states])
    asked = trackers.checks.on(flows)
    # Rules about checks ask what else came on a flow, and on its way back.
    ways = {way for each in asked for way in (each.flow, each.flow.reverse)}
    # So do those about ICMP of the flow that an error is about.
    about = [each for each in errors if each.way in flows]
    ways.update([each.way for each in about])
    checks = tuple(each.to_report() for each in asked)
    joined, handshakes = _sessions(checks, trackers.handshakes.to_report(flows), streams, (), ())
    return Facts(
        capture=capture(scan, ()),
        flows=tuple([_flow(state) for state in states if state.flow in ways] if ways else ()),
        calls=(),
        streams=streams,
        checks=checks,
        handshakes=handshakes,
        protection=trackers.control.protection(flows),
        problems=(),
        sessions=joined,
        icmp=tuple(about),
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
    trackers: Trackers, calls: Sequence[CallState | Talk], end: int, members: Mapping[int, list[int]],
    streams: Sequence[Stream],
) -> Calls:
    """The calls, of which those that are unread are read once somebody looks at them."""
    made = {
        number: told(call, end, tuple(members.get(number, ())))
        for number, call in enumerate(calls) if isinstance(call, CallState)
    }
    outlines = outlined(streams)
    every = [
        made[number] if isinstance(call, CallState) else _outline(call, members.get(number, ()), outlines)
        for number, call in enumerate(calls)
    ]

    def read(number: int) -> Call:
        return told(trackers.calls.open(calls[number]), end, tuple(members.get(number, ())))

    return Calls(every, made.items(), read)


def _outline(talk: Talk, members: Sequence[int], streams: Sequence[Outline | Stream]) -> CallOutline:
    """What is known of a call that is plain, without reading it, given the positions of its streams."""
    (src, _), (dst, _) = talk.ends
    answered = (talk.answered or 0) / 1e9
    if not members:
        (here, _), (there, _) = talk.announced
        places = tuple([Place(each.file, each.frame) for each in talk.offered])
        unheard = Unheard(answered, _seconds(talk.ended), frozenset(talk.announced), ((here, there),), places)
        return CallOutline(UNHEARD_TRAITS, src, dst, talk.entries, unheard)
    if min([streams[position].first for position in members]) >= answered:
        return CallOutline(ORDINARY, src, dst, talk.entries)
    heard = HeardEarly(talk.start / 1e9, answered, members)
    return CallOutline(EARLY_TRAITS, src, dst, talk.entries, heard=heard)


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
