"""From batches to a report: reads what is signalling, asks the trackers, and says what went wrong.

There is no clock here: time comes from the datagrams, and a capture fed in
order gives the same report however it was cut into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from dissectors.analysis import relief, streams
from dissectors.analysis.call import CallState
from dissectors.analysis.calls import MAX_GONE, Calls
from dissectors.analysis.control import Control
from dissectors.analysis.dtls import Handshakes
from dissectors.analysis.findings.rule import Facts, Problem, counted
from dissectors.analysis.findings.rules import findings, ranked
from dissectors.analysis.ice import Asked, Checks
from dissectors.analysis.problems import Problems
from dissectors.analysis.reading import Reader, Reading
from dissectors.analysis.report import SCHEMA, Call, Capture, CaptureFile, Flow, Place, Report, Seen, Stream, Totals
from dissectors.mux.counters import Counters
from dissectors.mux.evidence import KEYED
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Batch, Scanner
from dissectors.mux.table import PROTOCOLS, UNKNOWN
from dissectors.protocols import dtls, rtcp, sip, stun
from dissectors.wire.datagram import Datagram
from dissectors.wire.errors import Malformed
from dissectors.wire.frames import Frames
from dissectors.wire.inflate import LIMITS, Limits
from dissectors.wire.values import Struct

MAX_CALLS = 131_072
MAX_CHECKS = 262_144


class Room(Struct, frozen=True):
    """How much an engine holds at most.

    That is calls, those who ask by STUN, sources that RTCP tells of, handshakes, and places where media went of calls
    that were let go.
    """

    calls: int = MAX_CALLS
    checks: int = MAX_CHECKS
    sources: int = MAX_CHECKS
    handshakes: int = MAX_CALLS
    places: int = MAX_GONE


ROOM = Room()


class Scanned(Protocol):
    """What a report asks of a scan; see `mux.scan.Scanner`."""

    counts: list[int]
    octets: list[int]
    datagrams: int
    inside: int
    first: int | None
    last: int | None
    frames: Frames
    build: str

    @property
    def flows(self) -> Iterable[FlowState]: ...

    @property
    def streams(self) -> Iterable[Counters]: ...

    @property
    def bounds_hit(self) -> Mapping[str, int]: ...


class Engine:
    """Feed it every batch of one scan, in order, then ask for the report."""

    def __init__(self, limits: Limits = LIMITS, well: int | None = None, room: Room = ROOM) -> None:
        self.calls = Calls(room.calls, well, room.places)
        self._over = relief.Sums()
        self.checks = Checks(room.checks)
        self.control = Control(room.sources)
        self.handshakes = Handshakes(room.handshakes)
        self._problems = Problems()
        readers = {
            "SIP": Reader(partial(sip.parse_all, limits=limits), self._sip),
            "STUN": Reader(stun.parse, self.checks.feed),
            "RTCP": Reader(rtcp.parse, self.control.feed),
            "DTLS": Reader(dtls.parse, self.handshakes.feed),
        }
        self._reading = Reading(readers, self._problems)

    def feed(self, batch: Batch) -> None:
        """Take the settled datagrams of a batch."""
        self._reading.feed(batch)

    def _sip(self, datagram: Datagram, messages: tuple[sip.Message, ...]) -> list[Malformed]:
        return [malformed for message in messages for malformed in self.calls.feed(datagram, message)]

    def problem(self, id: str, what: str, place: Place | None = None) -> None:
        """Count something that went wrong, with the first frames in which it did."""
        self._problems.note(id, what, place)

    # The report.

    def report(
        self, scanner: Scanned, files: tuple[CaptureFile, ...],
        calls: Iterable[CallState] | None = None, checks: Iterable[Asked] | None = None,
    ) -> Report:  # fmt: skip
        """Everything that was seen, with the tables of the scan whose batches were fed; asking changes nothing.

        `calls` and `checks` are those to tell of, where not all are.
        """
        more = () if calls is not None else self._over.findings()
        facts, gone = self.facts(scanner, files, calls, checks)
        return Report(
            SCHEMA, facts.capture, facts.flows, facts.calls, facts.streams, facts.checks,
            ranked((*findings(facts), *more)), facts.handshakes, facts.protection, self._totals(facts, gone),
        )  # fmt: skip

    def facts(
        self, scanner: Scanned, files: tuple[CaptureFile, ...],
        calls: Iterable[CallState] | None = None, checks: Iterable[Asked] | None = None,
    ) -> tuple[Facts, list[Counters]]:  # fmt: skip
        """What the rules look at, chosen as by `report`; and the streams whose call has made room."""
        states = [state for state in scanner.flows if not _is_guess(state)]
        positions = {state.number: position for position, state in enumerate(states)}
        calls = list(self.calls.calls.values() if calls is None else calls)
        told, members, gone = self._streams(scanner, states, positions, calls)
        facts = Facts(
            capture=_capture(scanner, files),
            flows=tuple(_flow(state) for state in states),
            calls=tuple(_call(call, tuple(members.get(number, ()))) for number, call in enumerate(calls)),
            streams=told,
            checks=tuple(each.check() for each in (self.checks.asked.values() if checks is None else checks)),
            handshakes=self.handshakes.told(),
            protection=self.control.protection(),
            problems=self._problems.told() + self._bounds_hit(scanner) + self._unconfirmed(),
        )
        return facts, gone

    def facts_of_paths(self, scanner: Scanned, states: Iterable[FlowState], told: tuple[Stream, ...]) -> Facts:
        """What the rules look at of these flows alone: checks, handshakes and RTCP; `told` are streams on them."""
        flows = {state.flow for state in states}
        asked = self.checks.on(flows)
        # Of flows they ask what else came where a check went.
        ways = {way for each in asked for way in (each.flow, each.flow.reverse)}
        return Facts(
            _capture(scanner, ()), tuple(_flow(state) for state in states if state.flow in ways), (), told,
            tuple(each.check() for each in asked), self.handshakes.told(flows), self.control.protection(flows), (),
        )  # fmt: skip

    def relieve(self, scanner: Scanner, at_the_end: bool = False) -> None:
        """Sum up what is over and more than is told, and let go of it; to be called now and then, and at the end."""
        relief.relieve(self, scanner, self._over, at_the_end)

    def _streams(
        self, scanner: Scanned, states: list[FlowState], positions: dict[int, int], calls: list[CallState]
    ) -> tuple[tuple[Stream, ...], dict[int, list[int]], list[Counters]]:
        """The streams in order, the positions of those of each call, and those whose call has made room."""
        directory = streams.Directory(calls)
        numbers = {id(call): number for number, call in enumerate(calls)}
        told: list[Stream] = []
        members: dict[int, list[int]] = {}
        gone: list[Counters] = []
        named = Counter(counters.ssrc for counters in scanner.streams)
        for counters in sorted(scanner.streams, key=lambda each: (each.first, each.first_frame)):
            on = streams.held(counters, positions)
            if not on:
                continue
            state = states[on[0]]
            joined = directory.join(counters, state.flow)
            if joined is None and streams.left(counters, state.flow, self.calls.gone):
                gone.append(counters)
                continue
            call = numbers[id(joined.call)] if joined else None
            used, alone = [states[position].flow for position in on], named[counters.ssrc] == 1
            heard = self.control.heard(counters.ssrc, used, alone)
            end = self.control.said_bye(counters.ssrc, used, alone)
            if call is not None:
                members.setdefault(call, []).append(len(told))
            encrypted = any(states[position].pair.seen & KEYED for position in on)
            told.append(streams.stream(counters, state.flow, tuple(on), joined, call, encrypted, heard, end))
        return tuple(told), members, gone

    def _totals(self, facts: Facts, gone: list[Counters]) -> Totals:
        told = facts.streams
        # One that came back was counted when it was let go.
        returned = sum(call.returned for call in facts.calls)
        new = Counter((str(call.kind), call.outcome) for call in facts.calls if not call.returned)
        outcomes = new + self.calls.retired
        return Totals(
            outcomes=tuple(Seen(f"{kind}, {outcome}", count) for (kind, outcome), count in outcomes.most_common()),
            calls=sum(outcomes.values()),
            streams=len(told) + len(gone) + self._over.streams,
            packets=sum(each.packets for each in told) + sum(each.packets for each in gone) + self._over.packets,
            lost=sum(each.lost for each in told) + sum(each.lost for each in gone) + self._over.lost,
            calls_left_out=sum(self.calls.retired.values()) - returned,
            streams_left_out=len(gone) + self._over.streams,
            flows_left_out=self._over.flows,
        )

    def _bounds_hit(self, scanner: Scanned) -> tuple[Problem, ...]:
        """What was given up because a bound was hit, and what the scan could not read."""
        hits = {
            **scanner.bounds_hit,
            **self.calls.bounds_hit,
            **self.checks.bounds_hit,
            **self.control.bounds_hit,
            "handshakes": self.handshakes.evicted,
        }
        told = [Problem("bound-hit", f"{name}: {count:,} given up", 1, ()) for name, count in hits.items() if count]
        if incomplete := scanner.frames.fragments.incomplete:
            what = f"{counted(incomplete, 'fragmented datagram')} incomplete"
            told.append(Problem("fragments-incomplete", what, 1, ()))
        for link, count in scanner.frames.unsupported.items():
            told.append(Problem("link-type-unknown", f"link type {link}: {counted(count, 'frame')}", 1, ()))
        return tuple(told)

    def _unconfirmed(self) -> tuple[Problem, ...]:
        return tuple(
            Problem("plausible-only", f"{counted(kept.count, 'datagram')} may be {name}, which nothing confirms", 1,
                    tuple(kept.places))
            for name, kept in self._reading.plausible.items()
        )


def _capture(scanner: Scanned, files: tuple[CaptureFile, ...]) -> Capture:
    first, last = scanner.first, scanner.last
    kinds = [(PROTOCOLS[number], count, scanner.octets[number]) for number, count in enumerate(scanner.counts) if count]
    return Capture(
        files=files,
        frames=sum(file.frames for file in files),
        datagrams=scanner.datagrams,
        inside=scanner.inside,
        first=None if first is None else first / 1e9,
        last=None if last is None else last / 1e9,
        duration=0.0 if first is None or last is None else (last - first) / 1e9,
        protocols=tuple(Seen(*kind) for kind in sorted(kinds, key=lambda kind: -kind[1])),
        encapsulations=tuple(Seen(name, count) for name, count in scanner.frames.encapsulations.items()),
        not_analysed=tuple(
            Seen(f"{what} on TCP port {port}", count) for (port, what), count in scanner.frames.tcp_seen.items()
        ),
        tcp_segments=scanner.frames.segments.count,
        scan=scanner.build,
    )


def _is_guess(state: FlowState) -> bool:
    """Whether a flow is only what TURN would carry if it were TURN."""
    return bool(state.key.inside) and sum(state.counts) == state.counts[UNKNOWN]


def _flow(state: FlowState) -> Flow:
    flow = state.flow
    counts = [(PROTOCOLS[number], count) for number, count in enumerate(state.counts) if count]
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
        protocols=tuple(Seen(*count) for count in sorted(counts, key=lambda count: -count[1])),
        encrypted=state.encrypted,
    )


def _call(call: CallState, members: tuple[int, ...]) -> Call:
    return Call(
        call_id=call.call_id,
        kind=call.kind,  # type: ignore[arg-type]  # KINDS holds nothing else
        outcome=call.outcome,
        caller=call.caller,
        callee=call.callee,
        start=call.start / 1e9,
        ringing=_seconds(call.ringing),
        answered=_seconds(call.answered),
        ended=_seconds(call.ended),
        ended_by=call.ended_by,
        status=call.status,
        dialogs=call.dialogs.told(call.call_id),
        user_agents=tuple(call.user_agents),
        messages=tuple(call.messages),
        descriptions=tuple(call.descriptions),
        streams=members,
        returned=call.returned,
    )


def _seconds(time: int | None) -> float | None:
    return None if time is None else time / 1e9
