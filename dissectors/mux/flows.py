"""Flows and pairs as the scan keeps them: counters, and what has been seen on a 5-tuple.

A *flow* is directed; a *pair* is both its directions. Both are bounded: the flow that was idle longest gives way, and
that it did is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.carried import Channels
from dissectors.mux.table import PROTOCOLS, TABLE
from dissectors.wire.addresses import packed_address, written_address
from dissectors.wire.datagram import UDP, Flow
from dissectors.wire.values import NamedTuple

MAX_ADDRESSES = 1 << 15
"""Addresses that are remembered as they stand on the wire, and as people write them: calls name the same ones again
and again."""

MEDIA = sum(1 << number for number, spec in enumerate(TABLE) if spec.role == "media")
CALLS = sum(1 << number for number, spec in enumerate(TABLE) if spec.role != "other")
"""In `PairState.seen`: protocols that are media, and those with any part in a call."""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__

RANK = 1 << 56
"""More than there are datagrams."""


class FlowKey(NamedTuple):
    """A directed 5-tuple as it stands on the wire; `inside` and `transport` as in `Flow`."""

    src: bytes
    sport: int
    dst: bytes
    dport: int
    inside: str = ""
    transport: str = UDP

    @property
    def reverse(self) -> FlowKey:
        src, sport, dst, dport, inside, transport = self
        return _new(FlowKey, (dst, dport, src, sport, inside, transport))


End = tuple[bytes, int]
"""An address as it stands on the wire, and a port."""


def key_of(flow: Flow) -> FlowKey | None:
    """The key of a flow whose addresses are written out; None where one of them is no address."""
    src, dst = packed(flow.src), packed(flow.dst)
    if src is None or dst is None:
        return None
    return FlowKey(src, flow.sport, dst, flow.dport, flow.inside, flow.transport)


@lru_cache(MAX_ADDRESSES)
def packed(address: str) -> bytes | None:
    """An address as it stands on the wire, None where it is a name."""
    try:
        return packed_address(address)
    except ValueError:
        return None


def written_out(key: FlowKey) -> Flow:
    """A flow with its addresses as people write them."""
    src, sport, dst, dport, inside, transport = key
    return _new(Flow, (written(src), sport, written(dst), dport, inside, transport))


written = lru_cache(MAX_ADDRESSES)(written_address)


class PairState:
    """What both directions of a 5-tuple have shown so far.

    `seen` holds one bit for each protocol number that was certain or confirmed here; `waiting` the plausible entries
    that a bit would confirm, by protocol number, None as long as there were none; `channels` the peers that TURN bound
    to channels here, if any.
    """

    __slots__ = ("seen", "waiting", "outer", "channels")

    def __init__(self, outer: PairState | None) -> None:
        self.seen = 0
        self.waiting: dict[int, Waiting] | None = None
        self.outer = outer
        self.channels: Channels | None = None


class Waiting:
    """Plausible entries in probation, oldest first, until something confirms them or they are given up.

    `objection` says why they are no stream as far as was seen, and `candidate` which flow and SSRC it would have;
    nothing for what waits for other evidence.
    """

    __slots__ = ("entries", "objection", "candidate")

    def __init__(self, candidate: tuple[int, int] | None = None) -> None:
        self.entries: list[Any] = []
        self.objection = ""
        self.candidate = candidate


class FlowState:
    """One directed flow: its counters in datagrams and octets, in all and by protocol number.

    `open` holds until the table lets the flow go. `used` is the number of its last datagram among all of the scan.
    `unknown_octets` are those of its datagrams of no known protocol.
    """

    __slots__ = (
        "number", "key", "pair", "open", "datagrams", "octets", "first", "last", "first_frame", "counts", "encrypted",
        "used", "unknown_octets", "_flow",
    )

    def __init__(self, number: int, key: FlowKey, pair: PairState) -> None:
        self.number = number
        self.key = key
        self.pair = pair
        self.open = True
        self.datagrams = 0
        self.octets = 0
        self.first = 0
        self.last = 0
        self.first_frame = (0, 0)
        self.counts = [0] * len(PROTOCOLS)
        self.encrypted = 0
        self.used = 0
        self.unknown_octets = 0
        self._flow: Flow | None = None

    @property
    def inside(self) -> str:
        """What carried it, as its key says."""
        return self.key.inside

    @property
    def transport(self) -> str:
        """Its fifth, as its key says."""
        return self.key.transport

    @property
    def waits(self) -> bool:
        """Whether a datagram of it still waits for evidence."""
        return sum(self.counts) < self.datagrams

    @property
    def flow(self) -> Flow:
        """The flow with its addresses as people write them."""
        if self._flow is None:
            self._flow = written_out(self.key)
        return self._flow


class QuietFlows(Protocol):
    """Flows on whose 5-tuple nothing was recognised, without an object for each; they stand in the order of numbers."""

    settled: bool
    """Whether nothing on them waits for evidence."""

    def __len__(self) -> int: ...

    def before(self, number: int) -> int:
        """How many of them have a smaller number."""

    def values(self, begin: int, end: int) -> list[tuple[str, int, str, int, float, float, int, int, int, int]]:
        """Of some of them the addresses and ports, the first and last time in seconds, how many datagrams, octets and
        encrypted datagrams, and of how many datagrams it is settled that they are unknown."""

    def pairs(self) -> set[tuple[str, str]]:
        """From which address to which other they go."""

    def with_ports(self, ports: Collection[int]) -> list[int]:
        """The positions of those with one of these ports at either end."""

    def written(self, begin: int, end: int, parts: Sequence[bytes], columns: Sequence[int], encode: Encode) -> bytes:
        """Some of them in words: `parts` with the values of such `columns` in between, as JSON has them."""


Encode = Callable[[Any], bytes]


class PartOfFlows(list[FlowState]):
    """Some flows of a table, to be asked as the table is."""

    def recognised(self) -> list[FlowState]:
        """All of them."""
        return self

    def quiet(self, last: bool = False) -> None:
        """None: all are recognised."""

    def with_ports(self, ports: Collection[int]) -> list[FlowState]:
        """Those with one of these ports at either end."""
        return [state for state in self if state.key.sport in ports or state.key.dport in ports]

    def with_ends(self, ends: Iterable[tuple[str, int]]) -> list[FlowState]:
        """Those that begin or end at one of these addresses and ports."""
        both = {(packed(host), port) for host, port in ends}
        return [state for state in self if not both.isdisjoint(_at(state.key))]


class FlowTable:
    """Every flow that is open, by its key; at most `limit` of them, made of the two classes given."""

    def __init__(
        self, limit: int, bounds: Bounds, state: type[FlowState] = FlowState, pair: type[PairState] = PairState
    ) -> None:
        self._state, self._pair = state, pair
        self.made = 0
        self._flows: Table[FlowKey, FlowState] = Table(
            "flows", limit, bounds, used=_use, given_up=_close, groups=_ends
        )

    def __iter__(self) -> Iterator[FlowState]:
        return iter(self._flows.values())

    def __len__(self) -> int:
        return len(self._flows)

    def recognised(self) -> list[FlowState]:
        """Those on whose 5-tuple something was recognised, and here all others, too: `quiet` has none of these."""
        return list(self)

    def quiet(self, last: bool = False) -> QuietFlows | None:
        """The other ones as they stand, None where there are none; for the `last` time they may be those of the table.
        """
        return None

    def with_ports(self, ports: Collection[int]) -> list[FlowState]:
        """The open flows with one of these ports at either end; all of them count as `recognised` from now on."""
        return PartOfFlows(self).with_ports(ports)

    def with_ends(self, ends: Iterable[tuple[str, int]]) -> list[FlowState]:
        """The open flows that begin or end at one of these addresses and ports, likewise."""
        return PartOfFlows(self).with_ends(ends)

    def wake_at(self, ends: Collection[tuple[str, int]]) -> None:
        """Let no flow be quiet that begins or ends at one of these addresses and ports: here none ever is."""

    def latest(self, recent: range, most: int) -> list[FlowState]:
        """Of those that are `quiet` so many that were heard last, at a recent time, as they stand."""
        return []

    def find(self, key: FlowKey, outer: PairState | None = None) -> FlowState:
        """The flow with this key, made if it is new; a new flow shares the pair of its reverse."""
        state = self._flows.get(key)
        if state is None:
            back = self._flows.get(key.reverse)
            state = self._state(self.made, key, back.pair if back else self._pair(outer))
            self.made += 1
            self._flows[key] = state
        return state

    def forget(self, states: Iterable[FlowState]) -> None:
        """Let go of flows; when they are met again they are new ones."""
        for state in states:
            state.open = False
            self._flows.pop(state.key, None)

    def get(self, flow: Flow) -> FlowState | None:
        """The open flow with these addresses and ports."""
        key = key_of(flow)
        return None if key is None else self._flows.get(key)

    def at(self, endpoint: tuple[str, int]) -> list[FlowState]:
        """The open flows that begin or end at an address and port."""
        return [self._flows[key] for key in self._flows.of((packed(endpoint[0]), endpoint[1]))]

    def count_at(self, endpoint: tuple[str, int]) -> int:
        """How many these are."""
        return self._flows.count_of((packed(endpoint[0]), endpoint[1]))

    def lone_ends(self, here: FlowState, there: FlowState, datagrams: int) -> tuple[End, End] | None:
        """The ends of two open flows, there and back, that are all there is at the first one.

        None where they are more than UDP, or have carried more than so many datagrams, where others are at both ends,
        and where flows have given way: what was known of them may still be known.
        """
        if not (here.open and there.open) or here.datagrams + there.datagrams != datagrams or self._flows.hits:
            return None
        if here.inside or here.key.transport != UDP or here.key.reverse != there.key:
            return None
        src, dst = _at(here.key)
        if self._flows.count_of(src) == 2:
            return src, dst
        return (dst, src) if self._flows.count_of(dst) == 2 else None

    def lone_pair(self, flow: Flow) -> tuple[FlowState, FlowState] | None:
        """The open flow with these addresses and ports and its way back, if they are all there is at both ends.

        None where they are more than UDP.
        """
        here = self.get(flow)
        if here is None or here.inside or here.key.transport != UDP:
            return None
        there = self._flows.get(here.key.reverse)
        return (here, there) if there is not None and there is not here and self.are_alone(here, there) else None

    def are_alone(self, here: FlowState, there: FlowState) -> bool:
        """Whether two open flows of UDP, there and back, are all there is at both ends."""
        if not (here.open and there.open) or here.inside or here.key.transport != UDP or here.key.reverse != there.key:
            return False
        return all([self._flows.count_of(end) == 2 for end in _at(here.key)])

    def numbered(self, numbers: Iterable[int]) -> Iterator[FlowState]:
        """The open flows with these numbers, in this order."""
        return (self._flows[key] for number in numbers for key in self._flows.of(number))

    def forget_groups(self) -> None:
        """Give back what it takes to know the flows by their ends and numbers."""
        self._flows.forget_groups()


def _at(key: FlowKey) -> tuple[End, End]:
    return (key.src, key.sport), (key.dst, key.dport)


def _ends(key: FlowKey, state: FlowState) -> tuple[Hashable, ...]:
    """What a flow is found by: both of its ends, and its number."""
    return *_at(key), state.number


def _use(state: FlowState) -> int:
    """When a flow was used, for who must give way: media gives way last, and what has no part in a call first."""
    seen = state.pair.seen
    rank = 2 if seen & MEDIA else 1 if seen & CALLS else 0
    return rank * RANK + state.used


def _close(_: FlowKey, state: FlowState) -> None:
    state.open = False
