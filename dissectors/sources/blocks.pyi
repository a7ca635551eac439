from collections.abc import Callable

from typing_extensions import Buffer

_Apart = Callable[[bytes, int, int, tuple[int, int] | None], list[tuple[bytes, int]]]

def octets(
    block: Buffer, cooked: bool, interface: int = 0, numbers: dict[int, int] | None = None, apart: _Apart | None = None
) -> tuple[bytes, int]: ...
def merged(parts: list[bytes], until: int) -> tuple[bytes, int, list[bytes]]: ...
