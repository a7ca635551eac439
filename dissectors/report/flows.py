"""The flows of a report, where most of them are foreign: those are made where somebody looks at one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from dissectors.report.capture import Flow

if TYPE_CHECKING:
    from dissectors.mux.flows import QuietFlows

AT_ONCE = 1024
"""So many are made at once for who goes through all of them."""


class Flows(Sequence[Flow]):
    """As a tuple of flows. `recognised` are those on whose 5-tuple a protocol was seen, and perhaps others.

    `at` says where these stand, in order; `quiet` are the others, each of which `make` makes a value of.
    """

    __slots__ = ("recognised", "at", "quiet", "make")

    def __init__(
        self, recognised: tuple[Flow, ...], at: Sequence[int], quiet: QuietFlows, make: Callable[..., Flow]
    ) -> None:
        self.recognised, self.at, self.quiet, self.make = recognised, at, quiet, make

    def __len__(self) -> int:
        return len(self.recognised) + len(self.quiet)

    @overload
    def __getitem__(self, position: int) -> Flow: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Flow, ...]: ...

    def __getitem__(self, position: int | slice) -> Flow | tuple[Flow, ...]:
        if isinstance(position, slice):
            return tuple([self[each] for each in range(*position.indices(len(self)))])
        here = position + len(self) if position < 0 else position
        if not 0 <= here < len(self):
            raise IndexError("no flow has this position")
        before = bisect_left(self.at, here)
        if before < len(self.at) and self.at[before] == here:
            return self.recognised[before]
        (values,) = self.quiet.values(here - before, here - before + 1)
        return self.make(*values)

    def __iter__(self) -> Iterator[Flow]:
        for part in self.parts():
            if isinstance(part, range):
                for begin in range(part.start, part.stop, AT_ONCE):
                    for values in self.quiet.values(begin, min(begin + AT_ONCE, part.stop)):
                        yield self.make(*values)
            else:
                yield part

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (tuple, Flows)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)

    def parts(self) -> Iterator[Flow | range]:
        """In their order those that were recognised, and ranges of `quiet` in between."""
        done = 0
        for number, flow in enumerate(self.recognised):
            if self.at[number] - number > done:
                yield range(done, self.at[number] - number)
                done = self.at[number] - number
            yield flow
        if done < len(self.quiet):
            yield range(done, len(self.quiet))

    def with_ports(self, ports: Collection[int]) -> Iterator[Flow]:
        """Those with one of these ports at either end, in no particular order."""
        yield from (flow for flow in self.recognised if flow.sport in ports or flow.dport in ports)
        for position in self.quiet.with_ports(ports):
            (values,) = self.quiet.values(position, position + 1)
            yield self.make(*values)


def recognised(flows: Sequence[Flow]) -> Sequence[Flow]:
    """Those on whose 5-tuple, in either direction, a protocol was seen; perhaps others, too."""
    return flows.recognised if isinstance(flows, Flows) else flows


def numbered(flows: Sequence[Flow]) -> Iterable[tuple[int, Flow]]:
    """The same with their positions."""
    return zip(flows.at, flows.recognised, strict=True) if isinstance(flows, Flows) else enumerate(flows)


def pairs(flows: Sequence[Flow]) -> set[tuple[str, str]]:
    """From which host to which other they go."""
    found = {(flow.src, flow.dst) for flow in recognised(flows)}
    return found | flows.quiet.pairs() if isinstance(flows, Flows) else found


def with_ports(flows: Sequence[Flow], ports: Collection[int]) -> Iterator[Flow]:
    """Those with one of these ports at either end, in no particular order."""
    if isinstance(flows, Flows):
        return flows.with_ports(ports)
    return (flow for flow in flows if flow.sport in ports or flow.dport in ports)
