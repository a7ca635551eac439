from array import array
from collections.abc import Callable, Iterable, Mapping
from typing import final

from dissectors.mux.compiled.sieve import Walk
from dissectors.wire.captures.records import Walker

_Ends = tuple[bytes, int, bytes, int]

@final
class Masker(Walk):
    cut: int
    def __init__(
        self, *, streams: Mapping[tuple[_Ends, int], bool], others: array[int], bits: tuple[int, int, int],
        media: Iterable[int], silence: bytes, link: Callable[[int, bytes], bytes], address: Callable[[bytes], bytes],
        port: Callable[[int], int], noise: Callable[[bytes, int], bytes],
        datagram: Callable[[str, bytes, bool], bytes | None],
        attribute: Callable[[int, bytes, bytes, bytes, bytes], bytes | None], control: Callable[[bytes], bytes],
        kept_attributes: Iterable[int], addresses: Iterable[int], xored: Iterable[int], texts: Iterable[int],
        username: int, fingerprint: int, mask: int, kept_control: Iterable[int], blanks: Iterable[int],
        connections: Iterable[_Ends], options: Mapping[int, Iterable[int]], events: Iterable[int],
        numbered: Iterable[tuple[_Ends, int]], header: Callable[[bytes, int], bytes],
    ) -> None: ...
    def begin_again(self) -> None: ...
    def passed(self, walker: Walker, chunk: bytes | memoryview, at: int) -> int: ...
    def made(self) -> memoryview: ...
