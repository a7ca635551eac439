"""Which indices were used under one master key: the same index with other contents is a keystream that was used twice.

Who adds two such datagrams gets the sum of what was said in both, and with AES-GCM can forge others (RFC 3711 section
9.1, RFC 7714 section 11).
"""

from __future__ import annotations

from array import array
from zlib import crc32

BLOCK = 256
MAX_BLOCKS = 2048
"""How many indices are remembered of a source: half a million, five hours of sound."""


class Indices:
    """The indices of one source under one master key."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: dict[int, array[int]] = {}

    def again(self, index: int, contents: bytes) -> bool:
        """Whether an index comes again with other contents; the same ones are but a copy."""
        number, at = divmod(index, BLOCK)
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = array("Q", bytes(8 * BLOCK))
            if len(self._blocks) > MAX_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
        before, now = block[at], crc32(contents) + 1
        block[at] = before or now
        return bool(before) and before != now
