"""What the rules look at where most of it is plain: a value is made where somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from dissectors.report import Call, Place, Stream
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.analysis.calls.unread import Kept

Value = TypeVar("Value")
Plain = TypeVar("Plain")


class Sent(Struct, frozen=True):
    """A payload type of a stream."""

    payload_type: int


class Outline(Struct, frozen=True):
    """What is asked of a plain stream to say what its call has, and when it was; see `report.Stream`."""

    ssrc: int
    src: str
    sport: int
    dst: str
    dport: int
    kind: str | None
    sender: str | None
    payload_types: tuple[Sent, ...]
    packets: int
    frame_ms: float
    first: float
    last: float
    first_place: Place
    last_place: Place


class Unheard(Struct, frozen=True):
    """What is asked of a call that was answered and has no stream; times are seconds since the epoch.

    `ends` are where its sides want RTP, `between` the addresses of the caller's and the callee's line of each two that
    were agreed on, `places` the frames of the first two descriptions.
    """

    answered: float
    ended: float | None
    ends: frozenset[tuple[str | None, int]]
    between: tuple[tuple[str | None, str | None], ...]
    places: tuple[Place, ...]


class HeardEarly(Struct, frozen=True):
    """What is asked of a call of which a stream began before the answer; times are seconds since the epoch.

    `streams` are the positions of its streams.
    """

    start: float
    answered: float
    streams: Sequence[int]


class CallOutline(Struct, frozen=True):
    """What a plain call may have at most (see `traits`), from where to where its first request went, and what came.

    `unheard` is told of one that has no stream, `heard` of one that was heard before it was answered.
    """

    traits: frozenset[str | int]
    src: str
    dst: str
    entries: Sequence[Kept]
    unheard: Unheard | None = None
    heard: HeardEarly | None = None


class Outlined(Sequence[Value], Generic[Value, Plain]):
    """As a tuple of values, of which those that are plain are made when somebody looks at them.

    `outlines` are all of them, those that are not plain as they are.
    """

    __slots__ = ("_made", "_make", "outlines")

    def __init__(
        self, outlines: Sequence[Plain | Value], made: Iterable[tuple[int, Value]], make: Callable[[int], Value]
    ) -> None:
        self.outlines, self._make, self._made = outlines, make, dict(made)

    def __len__(self) -> int:
        return len(self.outlines)

    @overload
    def __getitem__(self, position: int) -> Value: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Value, ...]: ...

    def __getitem__(self, position: int | slice) -> Value | tuple[Value, ...]:
        if isinstance(position, slice):
            return tuple([self[each] for each in range(*position.indices(len(self)))])
        position = range(len(self))[position]
        if position not in self._made:
            self._made[position] = self._make(position)
        return self._made[position]

    def __iter__(self) -> Iterator[Value]:
        return map(self.__getitem__, range(len(self)))


class Streams(Outlined[Stream, Outline]):
    """Streams; `striking` are those that are not plain, with their positions."""

    __slots__ = ("striking",)

    def __init__(
        self, outlines: Sequence[Outline | Stream], striking: Sequence[tuple[int, Stream]],
        make: Callable[[int], Stream],
    ) -> None:
        super().__init__(outlines, striking, make)
        self.striking = striking


def outlined(streams: Sequence[Stream]) -> Sequence[Outline | Stream]:
    """The same streams, of those that are plain what is known without making them."""
    return streams.outlines if isinstance(streams, Streams) else streams


class Calls(Outlined[Call, CallOutline]):
    """Calls."""

    __slots__ = ()
