"""The streams of a report, each with the call that it belongs to; where only rules look at them, most stay counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.connectivity.asked import Asked
from dissectors.analysis.connectivity.joining import CHECK
from dissectors.analysis.streams.directory import Directory, Joined, reread
from dissectors.analysis.streams.relations import related
from dissectors.analysis.streams.repairs import Repairs, is_announced_rtx, is_numbered
from dissectors.analysis.streams.rtcp import pairs_of
from dissectors.analysis.streams.stream import Said, event_types, flows_of, is_covered, stream, used_by_retired
from dissectors.engine.trackers import Trackers
from dissectors.engine.view import ScanTables
from dissectors.findings.outlines import Outline, Outlined, Streams
from dissectors.findings.plain import is_plain, outline, says_little
from dissectors.mux.counters import Counters
from dissectors.mux.evidence import KEYED
from dissectors.mux.flows import FlowKey, FlowState
from dissectors.mux.table import UNKNOWN
from dissectors.report import Handshake, Protection, Stream
from dissectors.wire.datagram import Flow
from dissectors.wire.values import NamedTuple, Struct

if TYPE_CHECKING:
    from dissectors.analysis.calls.talk import Talk

_begin = attrgetter("first", "first_frame")


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

class Members(Struct, frozen=True):
    """The streams in order, the positions of those of each call by its number, and those of calls that were retired.

    `striking` are those that are not plain, with their positions.
    """

    streams: Sequence[Stream]
    striking: Sequence[tuple[int, Stream]]
    of_call: dict[int, list[int]]
    of_retired: list[Counters]


Found = tuple[Counters, list[int], Joined | None, bool]
"""A stream with the positions of its flows, the call that it belongs to, and whether its flows have keys."""


class Sources:
    """Of what the values of streams are made that were `found`, given the flows by their positions.

    It is a class and no function with others in it: these would know each other, and wait for the search for garbage.
    """

    __slots__ = ("_found", "_named", "_nothing", "_numbers", "_states", "_trackers")

    def __init__(
        self, trackers: Trackers, scan: ScanTables, states: Mapping[int, FlowState], numbers: Mapping[int, int],
        found: Sequence[Found],
    ) -> None:
        self._trackers, self._states, self._numbers, self._found = trackers, states, numbers, found
        self._named = Counter([counters.ssrc for counters in scan.streams])
        self._nothing = Said(None, None, None, None, 0, Repairs(scan.streams), ())

    def is_alone(self, counters: Counters) -> bool:
        """Whether no other stream has the same SSRC."""
        return self._named[counters.ssrc] == 1

    def said(self, counters: Counters, on: Sequence[int]) -> Said:
        """What RTCP says of a stream."""
        control = self._trackers.control
        if control.silent:
            return self._nothing
        used, alone = [self._states[position].flow for position in on], self.is_alone(counters)
        pairs = pairs_of(used)
        return Said(
            heard=control.heard(counters.ssrc, pairs, alone),
            end=control.said_bye(counters.ssrc, pairs, alone),
            told=control.told(counters.ssrc, pairs, alone),
            shared=control.told(0, pairs, False),
            transport=control.transport_feedback(used),
            repairs=self._nothing.repairs,
            clocked=control.clocked(counters.ssrc, pairs, alone),
        )

    def stream(self, position: int) -> Stream:
        """The value of a stream, whose call is read if that was not done before."""
        counters, on, joined, keyed = self._found[position]
        flow = self._states[on[0]].flow
        call = None if joined is None else self._numbers[id(joined.call)]
        if joined is not None and not isinstance(joined.call, CallState):
            joined = reread(joined, self._trackers.calls.open(joined.call), counters, flow)
        return stream(counters, flow, tuple(on), joined, call, keyed, self.said(counters, on))

    def outline(self, position: int) -> Outline:
        """What is told of a stream that is plain."""
        counters, on, joined, _ = self._found[position]
        # What is plain belongs to a call.
        return outline(counters, self._states[on[0]].flow, joined)  # type: ignore[arg-type]


def members(
    trackers: Trackers, scan: ScanTables, states: Mapping[int, FlowState], calls: Sequence[CallState | Talk],
    chosen: Chosen,
) -> Members:
    """Every stream with the call it belongs to, given the flows by their positions."""
    numbers = {id(call): number for number, call in enumerate(calls)}
    of_call: dict[int, list[int]] = {}
    of_retired: list[Counters] = []
    found = [*_joined(trackers, scan, states, calls, chosen, of_retired)]
    sources = Sources(trackers, scan, states, numbers, found)
    # Of what is only looked at by rules, what is plain need not be made.
    rules = chosen.joined is not None
    on_flow = Counter([number for counters in scan.streams for number in counters.flows]) if rules else {}
    counted: dict[int, Counters] = {}
    made: dict[int, Stream] = {}
    for position, (counters, on, joined, keyed) in enumerate(found):
        if joined is not None:
            of_call.setdefault(numbers[id(joined.call)], []).append(position)
        if id(counters) in chosen.plain:
            continue
        alone = rules and sources.is_alone(counters) and [on_flow[each] for each in counters.flows] == [1]
        if alone and is_plain(counters, joined, keyed):
            now = sources.said(counters, on)
            # By its sender's clock a picture is held to the sound beside it.
            if not now.clocked and says_little(now.heard, now.told, now.shared):
                continue
        counted[position], made[position] = counters, sources.stream(position)
    made.update(related(made, counted))
    streams: Sequence[Stream] = tuple(made.values())
    if len(made) < len(found):
        outlines: Outlined[Outline | Stream, Any] = Outlined(found, made.items(), sources.outline)
        streams = Streams(outlines, [*made.items()], sources.stream)
    return Members(streams, [*made.items()], of_call, of_retired)


def _joined(
    trackers: Trackers, scan: ScanTables, states: Mapping[int, FlowState], calls: Sequence[CallState | Talk],
    chosen: Chosen, of_retired: list[Counters],
) -> Iterator[Found]:
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
    states = {number: state for number, state in enumerate(scan.flows.recognised()) if not is_guess(state)}
    for counters, on, joined, keyed in _joined(trackers, scan, states, trackers.calls.opened(), EVERYTHING, []):
        flows, covered = [states[position].key for position in on], is_covered(counters, joined, keyed)
        events = frozenset() if covered else frozenset(event_types(counters, joined, covered)[1])
        numbered = not covered and (is_announced_rtx(counters, joined) or is_numbered(counters))
        yield Media(flows, counters.ssrc, covered, events, numbered)


def _keyed(trackers: Trackers, states: Iterable[FlowState]) -> set[Flow]:
    """The flows whose credentials of ICE are those of a 5-tuple that has keys: a session has them wherever it moves."""
    by_flow = {state.flow: state.pair for state in states if state.pair.seen & KEYED}
    if not by_flow:
        return set()
    names = {name for flow, _ in trackers.checks.asked if flow in by_flow for name in _names(trackers, flow)}
    found: set[Flow] = set()
    for flow, _ in trackers.checks.asked if names else ():
        if flow not in by_flow and not names.isdisjoint(_names(trackers, flow)):
            found |= {flow, flow.reverse}
    return found


def _names(trackers: Trackers, flow: Flow) -> Iterator[str]:
    asked = trackers.checks.asked.get((flow, CHECK))
    return iter(asked.usernames if asked is not None else ())


def is_guess(state: FlowState) -> bool:
    """Whether a flow is only what TURN would carry if it were TURN."""
    return bool(state.inside) and sum(state.counts) == state.counts[UNKNOWN]
