from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import final

from dissectors.wire.captures.records import Walker

_Ends = tuple[bytes, int, bytes, int]

class Walk:
    def passed(self, walker: Walker, chunk: bytes | memoryview, at: int) -> int: ...

@final
class Sieve(Walk):
    def __init__(self, rows: Iterable[int], connections: Iterable[_Ends] | None = None) -> None: ...
    def give_up(self, src: bytes, sport: int, dst: bytes, dport: int) -> None: ...
    def forget(self, key: tuple[bytes, int, bytes, int]) -> None: ...

@final
class Sorter(Walk):
    def __init__(
        self, streams: Mapping[tuple[_Ends, int], int], near: Callable[[_Ends], set[int]], places: Mapping[int, int],
        single: array[int], frames: list[int], media: Iterable[int], signalling: Iterable[int],
    ) -> None: ...

@final
class Dealer(Walk):
    def __init__(self, single: array[int], groups: int) -> None: ...
    def dealt(self) -> dict[int, bytes]: ...
