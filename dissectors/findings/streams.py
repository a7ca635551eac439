"""The streams that the rules look at, where most of them are plain: those are made where somebody looks at one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from dissectors.report import Place, Stream
from dissectors.wire.values import Struct


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
    first: float
    last: float
    first_place: Place
    last_place: Place


class Streams(Sequence[Stream]):
    """As a tuple of streams, of which those that are plain are made when somebody looks at them.

    `outlines` are all of them, those that are not plain as they are; `striking` are these, with their positions.
    """

    __slots__ = ("_made", "_make", "outlines", "striking")

    def __init__(
        self, outlines: Sequence[Outline | Stream], striking: Sequence[tuple[int, Stream]],
        make: Callable[[int], Stream],
    ) -> None:
        self.outlines, self.striking, self._make, self._made = outlines, striking, make, dict(striking)

    def __len__(self) -> int:
        return len(self.outlines)

    @overload
    def __getitem__(self, position: int) -> Stream: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Stream, ...]: ...

    def __getitem__(self, position: int | slice) -> Stream | tuple[Stream, ...]:
        if isinstance(position, slice):
            return tuple([self[each] for each in range(*position.indices(len(self)))])
        position = range(len(self))[position]
        if position not in self._made:
            self._made[position] = self._make(position)
        return self._made[position]

    def __iter__(self) -> Iterator[Stream]:
        return map(self.__getitem__, range(len(self)))
