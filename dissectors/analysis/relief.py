"""What calls that made room leave in the tables: summed up and let go, so that memory goes with what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from dissectors.analysis import streams
from dissectors.analysis.calls import Calls, Gone
from dissectors.mux.counters import Counters
from dissectors.mux.flows import FlowState

LEAST = 32
"""So many calls must have made room, and an eighth as many as are held, before the tables are searched again."""


class Tables(Protocol):
    """What is asked of a scan."""

    last: int | None

    @property
    def flows(self) -> Iterable[FlowState]: ...

    @property
    def streams(self) -> Iterable[Counters]: ...

    def forget(self, streams: list[Counters], flows: list[FlowState]) -> None: ...


@dataclass(slots=True)
class Sums:
    """What is remembered of what was let go."""

    flows: int = 0
    streams: int = 0
    packets: int = 0
    lost: int = 0
    searched: int = 0


def over(calls: Calls, scanner: Tables) -> tuple[list[Counters], list[FlowState]]:
    """Streams and flows that belonged to calls that made room, and to none that is held, and are silent since."""
    silent = silent_since(scanner)
    states = {state.number: state for state in scanner.flows}
    directory = streams.Directory(calls.calls.values())
    gone, busy = [], set()
    for counters in scanner.streams:
        state = states.get(counters.flows[0])
        if state is not None and counters.last < silent and _left(directory, counters, state, calls.gone):
            gone.append(counters)
        else:
            busy.update(counters.flows)
    held = {flow for call in calls.calls.values() for flow in call.pairs}
    idle = [state for state in states.values() if state.last < silent and state.number not in busy]
    return gone, [state for state in idle if state.flow not in held and streams.left(state, state.flow, calls.gone)]


def silent_since(scanner: Tables) -> int:
    """The time, in nanoseconds, since which whatever is over has been silent."""
    return (scanner.last or 0) - streams.GRACE


def places(scanner: Tables) -> set[tuple[str, int]]:
    """Every address and port of the flows that are held."""
    flows = [state.flow for state in scanner.flows]
    return {(flow.src, flow.sport) for flow in flows} | {(flow.dst, flow.dport) for flow in flows}


def _left(
    directory: streams.Directory, counters: Counters, state: FlowState, gone: Mapping[tuple[str, int], list[Gone]]
) -> bool:
    return streams.left(counters, state.flow, gone) and directory.join(counters, state.flow) is None
