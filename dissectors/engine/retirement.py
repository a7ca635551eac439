"""What is over for long: summed up and let go with its streams, so that memory goes with what is open.

Nothing that went wrong is lost on the way. Before a call goes, the rules look at it: one with an error stays whole, as
long as there is room for such, and what else was found is counted, with the first frames that show it. So is what was
wrong with checks and handshakes on the flows that go.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS
from dissectors.analysis.streams.directory import Directory
from dissectors.analysis.streams.stream import flows_of, used_by_retired
from dissectors.engine.facts import Chosen, facts, facts_of_paths
from dissectors.engine.trackers import Trackers
from dissectors.engine.view import ScanView
from dissectors.findings.rule import Facts
from dissectors.findings.rules import OF_CALLS, OF_PATHS, findings
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Scanner, middle
from dissectors.report import Finding, Place
from dissectors.wire.values import Struct, field

MIN_FINISHED = 32
"""So many calls must have finished, and an eighth as many as are held, before the tables are searched."""

CLOCK_MARGIN_NS = 600_000_000_000
"""What is dated so far ahead of all others is no newer than they are: a clock was wrong, or it was set back."""

MAX_PLACES = 8
MAX_ALIKE_PER_CALL = 16
"""How many findings of one kind are counted of each call, stream or flow, on average of those that go together."""


class RepeatedFinding(Struct):
    """How often something was found in what was retired, with the first one."""

    first: Finding
    times: int = 0
    places: list[Place] = field(default_factory=list)


class RetiredTotals(Struct):
    """What is remembered of what was retired; findings by id and severity."""

    flows: int = 0
    streams: int = 0
    packets: int = 0
    lost: int = 0
    found: dict[tuple[str, str], RepeatedFinding] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """One finding a kind."""
        for repeated in self.found.values():
            first = repeated.first
            what = f"{repeated.times:,} more in calls that are only counted (analyze --all lists them)"
            yield Finding(first.id, first.severity, first.certainty, what, first.why, first.fix, (*repeated.places,))

    def add(self, finding: Finding) -> None:
        """Count one."""
        repeated = self.found.setdefault((finding.id, finding.severity), RepeatedFinding(finding))
        repeated.times += 1
        repeated.places += finding.places[:1] if len(repeated.places) < MAX_PLACES else ()


class StreamOwners(Struct):
    """Streams of calls that may go, by the call's number; streams of calls that have gone; flows of all others."""

    of_call: dict[int, list[Counters]] = field(default_factory=dict)
    of_retired: list[Counters] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)


class Retirement:
    """Retires finished calls of some trackers; `totals` are what they leave behind."""

    def __init__(self, trackers: Trackers) -> None:
        self.totals = RetiredTotals()
        self._trackers = trackers

    def retire_finished(self, scanner: Scanner, at_the_end: bool) -> None:
        """Let go of what is finished beyond what is held; cheap to ask, it looks when that is worth it.

        At the end nothing more will come, so everything beyond goes: the report is the same whenever this was asked.
        """
        calls = self._trackers.calls
        enough = 1 if at_the_end else max(MIN_FINISHED, len(calls.calls) // 8)
        recent = range(0) if at_the_end else _recent(scanner.recent_times)
        finished = calls.finished(recent) if calls.surplus >= enough else ()
        if len(finished) < enough:
            return
        states = {state.number: state for state in scanner.flows}
        owners = self._owners(scanner, finished, states, recent)
        values = self._facts(scanner, finished, owners, states)
        streams = self._retire_calls(finished, owners, values)
        idle = self._idle(states, owners.busy, recent)
        paths = facts_of_paths(self._trackers, scanner, idle, values.streams)
        for finding in findings(paths, OF_PATHS, MAX_ALIKE_PER_CALL * len(idle)):
            if finding.severity != "note":
                self.totals.add(finding)
        self._forget(scanner, streams, idle, recent)

    def _retire_calls(self, finished: Sequence[CallState], owners: StreamOwners, values: Facts) -> list[Counters]:
        """Retire calls unless they are kept for their errors; gives back the streams that go with them."""
        calls = self._trackers.calls
        found = findings(values, OF_CALLS, MAX_ALIKE_PER_CALL * (len(finished) + len(values.streams)))
        errors = dict.fromkeys(_call_of(values, each) for each in found if each.severity == "error")
        kept = {number for number in errors if number is not None and calls.keep_for_error(finished[number])}
        for finding in found:
            number = _call_of(values, finding)
            if number is not None and number not in kept:
                self.totals.add(finding)
        streams = owners.of_retired
        for number, call in enumerate(finished):
            own = owners.of_call.get(number, ())
            if number in kept:
                owners.busy.update(flow for counters in own for flow in counters.flows)
            else:
                calls.retire(call)
                streams += own
        return streams

    def _owners(
        self, scanner: Scanner, finished: Sequence[CallState], states: dict[int, FlowState], recent: Container[int]
    ) -> StreamOwners:
        """Whose the streams are; one that goes on after its call has ended stays until it is silent."""
        calls = self._trackers.calls
        directory = Directory(calls.calls.values())
        numbers = {id(call): number for number, call in enumerate(finished)}
        owners = StreamOwners()
        for counters in scanner.streams:
            state = next(iter(flows_of(counters, states)), None)
            if state is None or counters.last in recent:
                owners.busy.update(counters.flows)
                continue
            joined = directory.join(counters, state.flow)
            if joined is not None and id(joined.call) in numbers:
                owners.of_call.setdefault(numbers[id(joined.call)], []).append(counters)
            elif joined is None and used_by_retired(counters, state.flow, calls.retired_media):
                owners.of_retired.append(counters)
            else:
                owners.busy.update(counters.flows)
        return owners

    def _facts(
        self, scanner: Scanner, finished: Sequence[CallState], owners: StreamOwners, states: dict[int, FlowState]
    ) -> Facts:
        """What the rules look at of the finished calls alone."""
        streams = [counters for number in sorted(owners.of_call) for counters in owners.of_call[number]]
        used = {number for counters in streams for number in counters.flows}
        pairs = {flow for call in finished for flow in call.pairs}
        flows = [state for state in states.values() if state.number in used or state.flow in pairs]
        hosts = {line.address for call in finished for line in call.announced}
        checks = [asked for asked in self._trackers.checks.asked.values() if asked.flow.src in hosts]
        return facts(self._trackers, ScanView(scanner, flows, streams), (), (), Chosen(finished, checks))[0]

    def _idle(self, states: dict[int, FlowState], busy: set[int], recent: Container[int]) -> list[FlowState]:
        """Flows that are silent, carry no stream that stays, and belonged to no call but those that have gone."""
        calls = self._trackers.calls
        retired = (calls.retired_media, calls.retired_signalling)
        held = {flow for call in calls.calls.values() for flow in call.pairs}
        idle = [state for state in states.values() if state.last not in recent and state.number not in busy]
        return [
            state
            for state in idle
            if state.flow not in held
            and any(used_by_retired(state, state.flow, each) for each in retired)
        ]

    def _forget(
        self, scanner: Scanner, streams: list[Counters], flows: list[FlowState], recent: Container[int]
    ) -> None:
        names = {state.flow for state in flows}
        self.totals.flows += len(flows)
        self.totals.streams += len(streams)
        self.totals.packets += sum(counters.packets for counters in streams)
        self.totals.lost += sum(counters.lost for counters in streams)
        scanner.forget(streams, flows)
        stay = [state.flow for state in scanner.flows]
        endpoints = {(flow.src, flow.sport) for flow in stay} | {(flow.dst, flow.dport) for flow in stay}
        trackers = self._trackers
        trackers.calls.forget_endpoints(endpoints, recent)
        trackers.checks.forget(names)
        trackers.handshakes.forget(names)
        held = {counters.ssrc for counters in scanner.streams}
        trackers.control.forget({counters.ssrc for counters in streams}, names, held, stay)


def _recent(times: Sequence[int]) -> range:
    """The times that are recent, by those of the last records: what was heard then may still go on."""
    now = middle(times) if times else 0
    return range(now - MEDIA_MARGIN_NS, now + CLOCK_MARGIN_NS)


def _call_of(values: Facts, finding: Finding) -> int | None:
    """The call that a finding is about, itself or through its stream."""
    return finding.call if finding.stream is None else values.streams[finding.stream].call
