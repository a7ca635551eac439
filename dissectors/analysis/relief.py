"""What is over for long: summed up and let go with its streams, so that memory goes with what is open.

Nothing that went wrong is lost on the way. Before a call goes, the rules look at it: one with an error stays whole, as
long as there is room for such, and what else was found is counted, with the first frames that show it. So is what was
wrong with checks and handshakes on the flows that go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dissectors.analysis import streams
from dissectors.analysis.call import CallState
from dissectors.analysis.calls import GRACE
from dissectors.analysis.findings.rule import Facts
from dissectors.analysis.findings.rules import OF_CALLS, OF_PATHS, findings
from dissectors.analysis.part import Part
from dissectors.analysis.report import Finding, Place
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState
from dissectors.mux.scan import Scanner
from dissectors.wire.values import Struct, field

if TYPE_CHECKING:
    from dissectors.analysis.engine import Engine

LEAST = 32
"""So many calls must be ready to go, and an eighth as many as are held, before the tables are searched."""

MOST_PLACES = 8
MOST_ALIKE = 16
"""How many findings of one kind are counted of each call, stream or flow, on average of those that go together."""


class Counted(Struct):
    """How often something was found in what was let go, with the first one."""

    first: Finding
    times: int = 0
    places: list[Place] = field(default_factory=list)


class Sums(Struct):
    """What is remembered of what was let go; findings by id and severity."""

    flows: int = 0
    streams: int = 0
    packets: int = 0
    lost: int = 0
    found: dict[tuple[str, str], Counted] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """One finding a kind."""
        for counted in self.found.values():
            first = counted.first
            what = f"{counted.times:,} more in calls that are only counted (analyze --all lists them)"
            yield Finding(first.id, first.severity, first.certainty, what, first.why, first.fix, (*counted.places,))

    def add(self, finding: Finding) -> None:
        """Count one."""
        counted = self.found.setdefault((finding.id, finding.severity), Counted(finding))
        counted.times += 1
        counted.places += finding.places[:1] if len(counted.places) < MOST_PLACES else ()


class Belongings(Struct):
    """The streams of calls that may go, by their positions; streams of calls that have gone; flows of all others."""

    of: dict[int, list[Counters]] = field(default_factory=dict)
    unclaimed: list[Counters] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)


def relieve(engine: Engine, scanner: Scanner, sums: Sums, at_the_end: bool) -> None:
    """Let go of what is over beyond those that are told; cheap to ask, it looks when that is worth it.

    At the end nothing more will come, so that all goes that is beyond: the report is the same whenever this was asked.
    """
    calls = engine.calls
    enough = 1 if at_the_end else max(LEAST, len(calls.calls) // 8)
    silent = (scanner.last or 0) + (1 if at_the_end else -GRACE)
    leaving = calls.leaving(silent) if calls.surplus >= enough else ()
    if len(leaving) < enough:
        return
    states = {state.number: state for state in scanner.flows}
    own = _belongings(engine, scanner, leaving, states, silent)
    facts = _facts(engine, scanner, leaving, own, states)
    found = findings(facts, OF_CALLS, MOST_ALIKE * (len(leaving) + len(facts.streams)))
    errors = dict.fromkeys(_call_of(facts, each) for each in found if each.severity == "error")
    wrong = {number for number in errors if number is not None and calls.keep(leaving[number])}
    for finding in found:
        number = _call_of(facts, finding)
        if number is not None and number not in wrong:
            sums.add(finding)
    gone = own.unclaimed
    for number, call in enumerate(leaving):
        if number in wrong:
            own.busy.update(flow for counters in own.of.get(number, ()) for flow in counters.flows)
        else:
            calls.let_go(call)
            gone += own.of.get(number, ())
    idle = _idle(engine, states, own.busy, silent)
    for finding in findings(engine.facts_of_paths(scanner, idle, facts.streams), OF_PATHS, MOST_ALIKE * len(idle)):
        if finding.severity != "note":
            sums.add(finding)
    _forget(engine, scanner, sums, gone, idle, silent)


def _belongings(
    engine: Engine, scanner: Scanner, leaving: Sequence[CallState], states: dict[int, FlowState], silent: int
) -> Belongings:
    """Whose the streams are; one that goes on after its call has ended stays until it is silent."""
    directory = streams.Directory(engine.calls.calls.values())
    numbers = {id(call): number for number, call in enumerate(leaving)}
    own = Belongings()
    for counters in scanner.streams:
        state = next(iter(streams.held(counters, states)), None)
        if state is None or counters.last >= silent:
            own.busy.update(counters.flows)
            continue
        joined = directory.join(counters, state.flow)
        if joined is not None and id(joined.call) in numbers:
            own.of.setdefault(numbers[id(joined.call)], []).append(counters)
        elif joined is None and streams.left(counters, state.flow, engine.calls.gone):
            own.unclaimed.append(counters)
        else:
            own.busy.update(counters.flows)
    return own


def _facts(
    engine: Engine, scanner: Scanner, leaving: Sequence[CallState], own: Belongings, states: dict[int, FlowState]
) -> Facts:
    """What the rules look at of the calls that leave, alone."""
    media = [counters for number in sorted(own.of) for counters in own.of[number]]
    used = {number for counters in media for number in counters.flows}
    pairs = {flow for call in leaving for flow in call.pairs}
    flows = [state for state in states.values() if state.number in used or state.flow in pairs]
    hosts = {line.address for call in leaving for line in call.announced}
    checks = [asked for asked in engine.checks.asked.values() if asked.flow.src in hosts]
    return engine.facts(Part(scanner, flows, media), (), leaving, checks)[0]


def _call_of(facts: Facts, finding: Finding) -> int | None:
    """The call that a finding is about, itself or through its stream."""
    return finding.call if finding.stream is None else facts.streams[finding.stream].call


def _idle(engine: Engine, states: dict[int, FlowState], busy: set[int], silent: int) -> list[FlowState]:
    """Flows that are silent, carry no stream that stays, and belonged to no call but those that have gone."""
    calls = engine.calls
    held = {flow for call in calls.calls.values() for flow in call.pairs}
    idle = [state for state in states.values() if state.last < silent and state.number not in busy]
    return [
        state
        for state in idle
        if state.flow not in held
        and (streams.left(state, state.flow, calls.gone) or streams.left(state, state.flow, calls.passed))
    ]


def _forget(
    engine: Engine, scanner: Scanner, sums: Sums, gone: list[Counters], flows: list[FlowState], silent: int
) -> None:
    names = {state.flow for state in flows}
    sums.flows += len(flows)
    sums.streams += len(gone)
    sums.packets += sum(counters.packets for counters in gone)
    sums.lost += sum(counters.lost for counters in gone)
    scanner.forget(gone, flows)
    stay = [state.flow for state in scanner.flows]
    places = {(flow.src, flow.sport) for flow in stay} | {(flow.dst, flow.dport) for flow in stay}
    engine.calls.forget_places(places, silent)
    engine.checks.forget(names)
    engine.handshakes.forget(names)
    held = {counters.ssrc for counters in scanner.streams}
    engine.control.forget({counters.ssrc for counters in gone}, names, held, stay)
