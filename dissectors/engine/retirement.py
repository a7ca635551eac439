"""What is over for long: summed up and let go with its streams, so that memory goes with what is open.

Nothing that went wrong is lost on the way. Before a call goes, the rules look at it: one with an error stays whole, as
long as there is room for such, and what else was found is counted, with the first frames that show it. So is what was
wrong with checks and handshakes on the flows that go.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, fax_ends
from dissectors.analysis.streams.fax import NO_FAX, Fax, FaxEnds, together
from dissectors.engine.facts import facts, facts_of_paths
from dissectors.engine.members import Chosen
from dissectors.engine.problems import Problems
from dissectors.engine.sent import count_messages, count_packets
from dissectors.engine.trackers import Trackers
from dissectors.engine.view import ScanView
from dissectors.findings.copies import Sent
from dissectors.findings.outlines import Outline
from dissectors.findings.rule import Facts, outlines
from dissectors.findings.rules import OF_CALLS, OF_PATHS, findings
from dissectors.findings.signalling.bindings import MARGIN_SECONDS
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState, FlowTable
from dissectors.mux.scan import Scanner, middle
from dissectors.report import Finding, Place, Stream
from dissectors.wire.datagram import Endpoint, host_of
from dissectors.wire.values import Struct, field, replace

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting
    from dissectors.analysis.calls.exchange import Exchange
    from dissectors.analysis.calls.talk import Talk
    from dissectors.engine.belongings import Belongings

MIN_FINISHED, SHARE = 32, 8
"""So many calls must have finished, and an eighth as many as are held or were looked at in vain, to look for more."""

RENEWAL_NS = int(MARGIN_SECONDS * 1e9)
"""What is renewed so soon is never found to be late."""

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
    fax: Fax = NO_FAX
    found: dict[tuple[str, str], RepeatedFinding] = field(default_factory=dict)
    sent: Sent = field(default_factory=Sent)

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


class Retirement:
    """Retires finished calls of some trackers; `totals` are what they leave behind."""

    def __init__(self, trackers: Trackers, problems: Problems) -> None:
        self.totals = RetiredTotals()
        self._trackers, self._problems = trackers, problems
        self._belongings: Belongings | None = None

    def retire_finished(self, scanner: Scanner, at_the_end: bool) -> None:
        """Let go of what is finished beyond what is held; cheap to ask, it looks when that is worth it.

        What it costs goes with what belongs to the calls that go. At the end nothing more will come, so everything
        beyond goes, and all that is held is searched once: the report is the same whenever this was asked, unless a
        Call-ID or a 5-tuple that went is used again. Then what comes later stands by itself.
        """
        calls, belongings = self._trackers.calls, self._belongings
        in_vain = 0 if belongings is None else belongings.in_vain
        enough = 1 if at_the_end else max(MIN_FINISHED, (len(calls.calls) + in_vain) // SHARE)
        recent = range(0) if at_the_end else _recent(scanner.recent_times)
        finished = calls.finished(recent) if calls.surplus >= enough else ()
        if len(finished) < enough:
            return
        if belongings is None:
            # Most captures let nothing go, and need nothing of what finds what would go.
            from dissectors.engine.belongings import Belongings
            from dissectors.engine.talks import PlainTalks

            belongings = self._belongings = Belongings(calls, PlainTalks(self._trackers))
        read = self._worth_reading(finished)
        belongings.find(scanner, finished, recent, at_the_end, read)
        if belongings.going_on:
            finished = [call for call in finished if call.call_id not in belongings.going_on]
        looked_at = [
            _outlined(each) if each.call_id in belongings.apart else calls.open(each)
            for each in finished if each.kind == "call" or isinstance(each, CallState) or each.call_id in read
        ]
        kept: set[str] = set()
        streams: Sequence[Stream] = ()
        if looked_at:
            values = self._facts(scanner, looked_at, belongings, self._moments(finished))
            streams, kept = values.streams, self._judge(looked_at, len(finished), values)
        count_messages(self.totals.sent, [calls.calls[each.call_id] for each in finished], kept)
        leaving = belongings.retire(kept, finished) + belongings.left_streams()
        alone = len(belongings.lone)
        idle = belongings.idle(leaving)
        paths = facts_of_paths(self._trackers, scanner, idle, streams)
        for finding in findings(paths, OF_PATHS, MAX_ALIKE_PER_CALL * (len(idle) + alone)):
            if finding.severity != "note":
                self.totals.add(finding)
        self.totals.flows += alone
        if at_the_end:
            scanner.flows.forget_groups()
        self._forget(scanner, leaving, idle, recent, belongings)
        if at_the_end:
            self._belongings = calls.changed = None
            scanner.flows.forget_groups()
            scanner.stream_table.forget_groups()

    def _worth_reading(self, finished: Sequence[CallState | Waiting]) -> set[str]:
        """The Call-IDs of the exchanges about which a rule may have something to say.

        That is every one that did not go well. Rules about registrations compare those of one address, and ask whether
        a call to it was refused.
        """
        calls = self._trackers.calls
        unread = [*_exchanges(finished)]
        alike: dict[str, list[Exchange]] = {}
        for each in unread:
            if each.kind == "registration":
                alike.setdefault(calls.shown(each.first.owner), []).append(each)
        told: set[str] = set()
        for call in finished if alike else ():
            if isinstance(call, CallState):
                told.update({call.caller or ""} if call.kind == "registration" else {call.callee or ""})
        worth = {each.call_id for each in unread if not each.went_well}
        for owner, registered in alike.items():
            if owner in told or len(registered) > 1 and not _in_time(registered):
                worth.update(each.call_id for each in registered)
        return worth

    def _moments(self, finished: Sequence[CallState | Waiting]) -> tuple[float, ...]:
        """When the messages came that are still unread, in seconds since the epoch."""
        held = map(self._trackers.calls.calls.get, [call.call_id for call in finished])
        unread = _exchanges([each for each in held if each is not None])
        return tuple([entry.time / 1e9 for each in unread for entry in each.entries])

    def _judge(self, looked_at: Sequence[CallState | Talk], leaving: int, values: Facts) -> set[str]:
        """Count what the rules find in calls that go, of so many; gives back those that are kept for their errors."""
        calls = self._trackers.calls
        found = findings(values, OF_CALLS, MAX_ALIKE_PER_CALL * (leaving + len(values.streams)))
        errors = dict.fromkeys(_call_of(values, each) for each in found if each.severity == "error")
        kept = {
            number for number in errors
            if number is not None and calls.keep_for_error(calls.open(looked_at[number]))
        }
        for finding in found:
            number = _call_of(values, finding)
            if number is not None and number not in kept:
                self.totals.add(finding)
        return {looked_at[number].call_id for number in kept}

    def _facts(
        self, scanner: Scanner, finished: Sequence[CallState | Talk], belongings: Belongings,
        moments: tuple[float, ...],
    ) -> Facts:
        """What the rules look at of the finished calls alone, and when other messages came."""
        trackers, table = self._trackers, scanner.flows
        of_call, own = belongings.of_call, belongings.apart
        streams = [counters for call in finished for counters in of_call.get(call.call_id, ())]
        numbers = [number for counters in streams for number in counters.flows]
        states = belongings.signalling.copy()
        states |= {state.number: state for state in table.numbered([each for each in numbers if each not in states])}
        states |= {state.number: state for state in belongings.lone}
        read = [call for call in finished if isinstance(call, CallState)]
        for end in {end for call in read if call.call_id not in own for end in fax_ends(call)}:
            states |= {state.number: state for state in table.at(end)}
        flows = [states[number] for number in sorted(states)]
        announced = [line for call in read for line in call.announced] if trackers.checks.asked else []
        at = dict.fromkeys(line.address for line in announced if line.address)
        checks = [asked for asked in trackers.checks.on(at) if asked.mapped is not None]
        hosts = _hosts(table, read, streams) if not trackers.handshakes.silent else {}
        shaken = trackers.handshakes.to_report(hosts.keys())
        chosen = Chosen(finished, checks, shaken, (), belongings.joined, belongings.plain)
        problems = self._problems.to_report()
        return replace(facts(trackers, ScanView(scanner, flows, streams), (), problems, chosen)[0], moments=moments)

    def _forget(
        self, scanner: Scanner, streams: list[Counters], flows: list[FlowState], recent: Container[int],
        belongings: Belongings,
    ) -> None:
        names = [state.flow for state in flows]
        ends = FaxEnds((), self._trackers.calls.retired_media)
        self.totals.fax = together((self.totals.fax, *(ends.carried(state) for state in flows if state.unknown_octets)))
        self.totals.flows += len(flows)
        self.totals.streams += len(streams)
        self.totals.packets += sum(counters.packets for counters in streams)
        self.totals.lost += sum(counters.lost for counters in streams)
        count_packets(self.totals.sent, scanner.flows, streams)
        scanner.forget(streams, flows)
        trackers, table = self._trackers, scanner.flows
        shared = [state.flow for state in flows if state.number not in belongings.own_flows]
        places = belongings.places.union(*[flow.ends for flow in shared])
        if places:
            trackers.calls.forget_endpoints(places, _in_use(table, len(places)), recent)
        trackers.checks.forget(names)
        trackers.handshakes.forget(names)
        if trackers.control.silent:
            return
        sources = {}
        for ssrc in {counters.ssrc for counters in streams}:
            stay = [number for other in scanner.stream_table.by_ssrc(ssrc) for number in other.flows]
            sources[ssrc] = [state.flow for state in table.numbered(stay)]
        trackers.control.forget(sources, names)


def _hosts(table: FlowTable, calls: Sequence[CallState], streams: Iterable[Counters]) -> dict[str, None]:
    """Where calls announced media, and where their streams come from and go to."""
    announced = [line for call in calls for line in call.announced]
    hosts = dict.fromkeys(line.address for line in announced if line.address)
    hosts |= dict.fromkeys(host_of(each) for line in announced for each in line.media.endpoints)
    flows = [state.flow for counters in streams for state in table.numbered(counters.flows)]
    return hosts | dict.fromkeys(host for flow in flows for host in (flow.src, flow.dst))


def _exchanges(calls: Iterable[CallState | Waiting]) -> Iterator[Exchange]:
    """Those of them that are unread and no calls."""
    for each in calls:
        if not isinstance(each, CallState) and each.kind != "call":
            yield each  # type: ignore[misc]  # a talk is a call


def _outlined(call: CallState | Waiting) -> CallState | Talk:
    """A call that is apart: an exchange never is."""
    return call  # type: ignore[return-value]


def _in_time(registered: Sequence[Exchange]) -> bool:
    """Whether registrations of one address renewed one another before any could be late, however short they were."""
    contact = registered[0].first.contact
    last: int | None = None
    for each in sorted(registered, key=attrgetter("start")):
        if not each.went_well or each.first.contact != contact or each.last - each.start > RENEWAL_NS:
            return False
        if last is not None and each.start - last > RENEWAL_NS:
            return False
        last = each.last
    return True


def _recent(times: Sequence[int]) -> range:
    """The times that are recent, by those of the last records: what was heard then may still go on."""
    now = middle(times) if times else 0
    return range(now - MEDIA_MARGIN_NS, now + CLOCK_MARGIN_NS)


def _in_use(table: FlowTable, asked: int) -> Callable[[Endpoint], bool]:
    """Whether a flow is open at an endpoint, for somebody who asks so often."""
    if len(table) < asked:
        return {end for state in table for end in state.flow.ends}.__contains__
    return lambda end: table.count_at(end) > 0


def _call_of(values: Facts, finding: Finding) -> int | None:
    """The call that a finding is about, itself or through its stream, unless that is outlined and the rule named both.
    """
    position = finding.stream
    if position is None or finding.call is not None and isinstance(outlines(values)[position], Outline):
        return finding.call
    return values.streams[position].call
