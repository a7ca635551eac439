"""What belongs to calls that go: their streams, and the flows that nobody else needs, found by key.

What is held and belongs to none of these calls is not looked at, however much it is. What still had traffic when its
call went is looked at again when that may be over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from dissectors.analysis.calls.call import CallState
from dissectors.analysis.calls.hops import MAX_HOPS
from dissectors.analysis.calls.table import MEDIA_MARGIN_NS, Calls, endpoints_of
from dissectors.analysis.streams.announced import AnnouncedMedia
from dissectors.analysis.streams.directory import Directory, Joined
from dissectors.analysis.streams.stream import used_by_retired
from dissectors.engine.apart import Apart, apart
from dissectors.mux.counters import Counters
from dissectors.mux.flows import End, FlowState, written
from dissectors.mux.scan import Scanner
from dissectors.wire.datagram import Endpoint

if TYPE_CHECKING:
    from dissectors.analysis.calls.begun import Waiting
    from dissectors.engine.talks import PlainTalks

MOST_ENDS = 2 + 2 * MAX_HOPS
"""What may be remembered of a call: where both sides wanted media, and the ends of its hops."""

FEW_FLOWS = 16
"""So many flows at an endpoint are looked at whenever a call leaves there."""

SHARE = 8
"""Where there are more, they are looked at once an eighth as many calls have left."""


PERIOD_NS = MEDIA_MARGIN_NS // 8
"""What was heard last within so many nanoseconds is looked at again together: recent times are few such periods."""

_number = attrgetter("number")


class Belongings:
    """Finds what belongs to calls of a table.

    After `find`, `of_call` are the streams of the calls by Call-ID, `joined` says by what each of them belongs to its
    call, by identity, and `plain` of which it is known that they are. `signalling` are the flows on which they
    signalled, by number, `places` are the endpoints where calls were, `in_vain` how many streams were looked at that
    stay. Calls whose streams go on stay with them: `going_on` has their Call-IDs.

    Most of what goes is an exchange that is all that ever was on its flows, at an end where nothing else is. Nobody
    else can need these flows, and what would be remembered of that end would be forgotten at once. So they are let go
    as soon as they are found: `alone` has the Call-IDs of these exchanges, `lone` their flows. Calls that are `apart`
    go as easily with what they have once the rules have looked at them; `own_flows` are theirs, by number.
    """

    def __init__(self, calls: Calls, talks: PlainTalks) -> None:
        self.of_call: dict[str, list[Counters]] = {}
        self.joined: dict[int, Joined] = {}
        self.plain: set[int] = set()
        self.signalling: dict[int, FlowState] = {}
        self.places: set[Endpoint] = set()
        self.alone: set[str] = set()
        self.lone: list[FlowState] = []
        self.apart: dict[str, Apart] = {}
        self.own_flows: dict[int, FlowState] = {}
        self.going_on: set[str] = set()
        self.in_vain = 0
        # Where calls made room before anybody asked, nobody knows which went.
        calls.changed = None if calls.retired else dict.fromkeys(calls.calls)
        self._calls, self._talks = calls, talks
        self._directory = Directory(read=calls.open)
        self._left: Counter[Endpoint] = Counter()
        self._later: dict[int, dict[int, FlowState]] = {}
        self._waiting: set[int] = set()
        self._others: list[Counters] = []
        self._flows: dict[int, FlowState] = {}
        self._over: list[FlowState] = []
        self._shared: dict[str, tuple[Endpoint, int, int]] = {}

    def find(
        self, scanner: Scanner, finished: Sequence[CallState | Waiting], recent: range, everything: bool,
        read: Container[str],
    ) -> None:
        """Look for what belongs to finished calls and was not heard at a recent time, in nanoseconds.

        With `everything` all streams and flows are looked at, and so they are where it is not known which calls went.
        Those that are going to be `read` are not taken for `alone`.
        """
        calls = self._calls
        everything |= calls.changed is None
        names = {call.call_id for call in finished}
        gone = self._update(names)
        self._scanner, self._recent = scanner, recent
        self.of_call, self.joined, self.plain, self._others, self.going_on = {}, {}, set(), [], set()
        self._look_for_alone(finished, read)
        self._look_for_apart(finished)
        finished = [call for call in finished if call.call_id not in self.alone and call.call_id not in self.apart]
        own_flows = self.own_flows = {state.number: state for each in self.apart.values() for state in each.flows}
        shared = {state.number: state for each in self.apart.values() for state in each.shared}
        self.places = {end for end, _, _ in self._shared.values()}
        self.places.update(*[each.ends for each in self.apart.values()])
        for call in (*gone, *finished):
            self.places.update(*endpoints_of(call))
        self.places.update(*(calls.retired_media, calls.retired_signalling) if everything else ())
        if everything:
            scanner.flows.forget(self.lone)
            own = {flow for call in finished for flow in call.pairs}
            # Where nothing was recognised there is no stream: such flows belong to nobody but by their ends.
            scanner.flows.wake_at(self.places)
            found = [state for state in scanner.flows.recognised() if state.number not in own_flows]
            self.signalling = {state.number: state for state in found if state.flow in own}
        else:
            self.signalling = {state.number: state for state in _signalling(scanner, finished)}
            found = [*self.signalling.values(), *shared.values(), *self._around(scanner, gone, finished)]
        self._flows = {state.number: state for state in found if state.number not in own_flows}
        self.signalling |= own_flows | shared
        self._settle_announced(finished)
        table = scanner.stream_table
        streams: dict[Counters, None] = {}
        for number in self._flows if table else ():
            streams.update(dict.fromkeys(table.on(number)))
        for call in finished:
            for ssrc in self._directory.ssrcs(call):
                streams.update(dict.fromkeys(table.by_ssrc(ssrc)))
        for counters in streams:
            if id(counters) in self.joined:
                continue  # It goes with a call that is apart.
            state = next(scanner.flows.numbered(counters.flows), None)
            if state is None:
                continue
            joined = self._directory.join(counters, state.flow)
            if joined is None:
                self._others.append(counters)
            elif joined.call.call_id in names:
                if counters.last in recent:
                    self.going_on.add(joined.call.call_id)
                self.of_call.setdefault(joined.call.call_id, []).append(counters)
                self.joined[id(counters)] = joined
        for call_id in self.going_on:
            for counters in self.of_call.pop(call_id):
                del self.joined[id(counters)]
        self.in_vain = len([counters for counters in streams if id(counters) not in self.joined])

    def _settle_announced(self, finished: Iterable[CallState | Waiting]) -> None:
        """Settle what waits to be a stream where these calls announced one: once they are gone, nobody would know."""
        calls = (self._calls.open(call) for call in finished if call.announced)
        self._scanner.settle_announced(self._flows, AnnouncedMedia(calls))

    def _look_for_alone(self, finished: Sequence[CallState | Waiting], read: Container[str]) -> None:
        """Find what is alone, and by the Call-ID of its last use each end that it shares, with when that was used."""
        calls, table, recent = self._calls, self._scanner.flows, self._recent
        alone: set[str] = set()
        lone: list[FlowState] = []
        found: dict[End, tuple[int, int, str]] = {}
        self.alone, self.lone, self._shared = alone, lone, {}
        if len(calls.retired_signalling) + 2 * len(finished) > calls.retired_signalling.limit:
            return  # What is remembered for a moment would take the room of something else.
        remembered = calls.retired_media or calls.retired_signalling
        for call in finished:
            if isinstance(call, CallState) or call.kind == "call" or call.call_id in read:
                continue
            if recent and call.last >= recent.start:
                continue
            states = call.there_and_back()
            ends = None if states is None else table.lone_ends(*states, len(call.entries))
            if states is None or ends is None or remembered and calls.remembers(_written(ends[0])):
                continue
            alone.add(call.call_id)
            lone += states
            begin, end, _ = found.get(ends[1], (call.start, call.last, ""))
            found[ends[1]] = min(begin, call.start), max(end, call.last), call.call_id
        self._shared = {call_id: (_written(at), begin, end) for at, (begin, end, call_id) in found.items()}

    def _look_for_apart(self, finished: Sequence[CallState | Waiting]) -> None:
        """Find what is apart, with its streams."""
        calls, directory = self._calls, self._directory
        self.apart = {}
        if len(calls.retired_media) + MOST_ENDS * len(finished) > calls.retired_media.limit:
            return  # As of what is alone.
        others = [call for call in finished if call.call_id not in self.alone and not directory.knows(call.call_id)]
        beside = {flow for call in others for flow in call.pairs}
        for call in finished:
            if call.kind != "call":
                continue
            if isinstance(call, CallState):
                found = apart(call, calls, directory, self._scanner, self._recent)
            else:
                found = self._talks.apart(call, directory, self._scanner, self._recent)
            if found is not None and (found.shared or beside.isdisjoint(call.pairs)):
                self.apart[call.call_id] = found
                self.of_call[call.call_id] = found.streams
                for counters, joined in zip(found.streams, found.joined, strict=True):
                    self.joined[id(counters)] = joined
                if found.plain:
                    self.plain.update(map(id, found.streams))

    def retire(self, kept: Container[str], finished: Sequence[CallState | Waiting]) -> list[Counters]:
        """Retire finished calls unless they are kept; gives back the streams that go with them."""
        calls, alone, shared = self._calls, self.alone, self._shared
        streams: list[Counters] = []
        for call in finished:
            call_id = call.call_id
            if call_id in alone:
                calls.let_go(call)
                if call_id in shared:
                    endpoint, begin, end = shared[call_id]
                    calls.remember_signalling(begin, end, (endpoint,))
            elif call_id not in kept:
                if call_id in self.apart:
                    found = self.apart[call_id]
                    calls.let_go(calls.calls[call_id])
                    self._over += found.flows
                    calls.remember_media(call.start, call.last, found.ends)
                else:
                    calls.retire(calls.calls[call_id])
                streams += self.of_call.get(call_id, ())
        return streams

    def left_streams(self) -> list[Counters]:
        """Of what was found, streams whose calls have gone before them, or just now; to be asked once these have."""
        self._update()
        left: list[Counters] = []
        for counters in self._others:
            state = next(self._scanner.flows.numbered(counters.flows))
            if not used_by_retired(counters, state.flow, self._calls.retired_media):
                continue
            if counters.last in self._recent:
                self._look_again(counters.last, state)
            elif self._directory.join(counters, state.flow) is None:
                left.append(counters)
        self.in_vain -= len(left)
        return left

    def idle(self, leaving: Iterable[Counters]) -> list[FlowState]:
        """Flows that are silent, carry no stream that stays, and belonged to no call but those that have gone."""
        scanner, calls = self._scanner, self._calls
        streams = scanner.stream_table
        gone = dict.fromkeys(leaving)
        flows, idle = self._flows, self._over
        known = flows.keys() | {state.number for state in idle}
        flows |= {
            state.number: state
            for state in scanner.flows.numbered([n for each in gone for n in each.flows if n not in known])
        }
        for number in sorted(flows):
            state = flows[number]
            flow = state.flow
            if not used_by_retired(state, flow, calls.retired_signalling, calls.retired_media):
                continue
            if state.last in self._recent:
                self._look_again(state.last, state)
            elif not self._directory.signals_on(flow) and (not streams or gone.keys() >= {*streams.on(number)}):
                idle.append(state)
        self._flows, self._over, self.alone, self.lone = {}, [], set(), []
        return sorted(idle, key=_number)

    def _update(self, leaving: Container[str] = ()) -> list[CallState | Waiting]:
        """Enter what is new in the calls; gives back those that are gone.

        What leaves now and announced no media has nothing but its signalling, and is entered only if it stays.
        """
        calls, directory = self._calls, self._directory
        if calls.changed is None:
            directory = self._directory = Directory(read=calls.open)
        changed = [*calls.calls] if calls.changed is None else calls.changed
        later: dict[str, None] = {}
        calls.changed = later
        gone = []
        for call_id in changed:
            call = calls.calls.get(call_id)
            if call_id in leaving and call is not None and not call.announced and not directory.knows(call_id):
                later[call_id] = None
            elif (left := directory.update(call_id, call)) is not None:
                gone.append(left)
        return gone

    def _around(
        self, scanner: Scanner, gone: Sequence[CallState | Waiting], finished: Sequence[CallState | Waiting]
    ) -> Iterator[FlowState]:
        """The flows that may belong to calls that leave or are gone, and those that may be silent by now."""
        table = scanner.flows
        yield from _signalling(scanner, gone)
        keys = {end for call in finished for end in self._directory.ends(call)}
        keys |= {end for end in self.places if self._worth_looking(end, table.count_at(end))}
        table.forget(self.lone)
        for end in keys:
            yield from table.at(end)
        recent = self._recent
        over = [n for n in self._later if n * PERIOD_NS not in recent and (n + 1) * PERIOD_NS - 1 not in recent]
        for states in map(self._later.pop, over):
            self._waiting -= states.keys()
            yield from (state for state in states.values() if state.open)

    def _worth_looking(self, end: Endpoint, flows: int) -> bool:
        """Whether enough calls have left an endpoint for all of its flows to be looked at."""
        if flows <= FEW_FLOWS:
            return True
        self._left[end] += SHARE
        return self._left[end] >= flows and self._left.pop(end) > 0

    def _look_again(self, last: int, state: FlowState) -> None:
        """Look at a flow again once it may be silent."""
        if state.number not in self._waiting:
            self._waiting.add(state.number)
            self._later.setdefault(last // PERIOD_NS, {})[state.number] = state


def _written(end: End) -> Endpoint:
    return written(end[0]), end[1]


def _signalling(scanner: Scanner, calls: Iterable[CallState | Waiting]) -> Iterator[FlowState]:
    """The open flows on which calls signal."""
    for call in calls:
        states = None if isinstance(call, CallState) else call.there_and_back()
        if states is not None and all([state.open for state in states]):
            # They need not be looked up.
            yield from states
            continue
        for flow in call.pairs:
            state = scanner.flows.get(flow)
            if state is not None:
                yield state
