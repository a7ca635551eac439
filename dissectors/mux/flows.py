"""Flows and pairs as the scan keeps them: counters, and what has been seen on a 5-tuple.

A *flow* is directed; a *pair* is both its directions. Both are bounded: the flow that was idle longest gives way, and
that it did is counted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.carried import Channels
from dissectors.mux.table import PROTOCOLS, TABLE
from dissectors.wire.addresses import packed_address, written_address
from dissectors.wire.datagram import UDP, Flow

MAX_ADDRESSES = 4096
"""Addresses that are remembered as they stand on the wire, and as people write them: calls name the same ones again
and again."""

_MEDIA = sum(1 << number for number, spec in enumerate(TABLE) if spec.role == "media")
_CALLS = sum(1 << number for number, spec in enumerate(TABLE) if spec.role != "other")
"""In `PairState.seen`: protocols that are media, and those with any part in a call."""

_RANK = 1 << 56
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
        return tuple.__new__(FlowKey, (dst, dport, src, sport, inside, transport))


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
    return Flow(_written(key.src), key.sport, _written(key.dst), key.dport, key.inside, key.transport)


_written = lru_cache(MAX_ADDRESSES)(written_address)


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

    `objection` says why they are no stream as far as was seen; nothing for what waits for other evidence.
    """

    __slots__ = ("entries", "objection")

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.objection = ""


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
    def flow(self) -> Flow:
        """The flow with its addresses as people write them."""
        if self._flow is None:
            self._flow = written_out(self.key)
        return self._flow


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

    def numbered(self, numbers: Iterable[int]) -> Iterator[FlowState]:
        """The open flows with these numbers, in this order."""
        return (self._flows[key] for number in numbers for key in self._flows.of(number))

    def forget_groups(self) -> None:
        """Give back what it takes to know the flows by their ends and numbers."""
        self._flows.forget_groups()


def _ends(key: FlowKey, state: FlowState) -> tuple[Hashable, ...]:
    """What a flow is found by: both of its ends, and its number."""
    return (key.src, key.sport), (key.dst, key.dport), state.number


def _use(state: FlowState) -> int:
    """When a flow was used, for who must give way: media gives way last, and what has no part in a call first."""
    seen = state.pair.seen
    rank = 2 if seen & _MEDIA else 1 if seen & _CALLS else 0
    return rank * _RANK + state.used


def _close(_: FlowKey, state: FlowState) -> None:
    state.open = False
