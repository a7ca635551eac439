"""The bits of a payload, for codecs whose fields do not end where octets do."""

from __future__ import annotations

from dissectors.wire.errors import Malformed


class Bits:
    """The bits of some octets, read one after the other; `protocol` is whose they are."""

    def __init__(self, octets: bytes, protocol: str) -> None:
        self._value, self._left, self._protocol = int.from_bytes(octets, "big"), 8 * len(octets), protocol

    def take(self, count: int) -> int:
        """The next bits; raises Malformed where there are too few."""
        if count > self._left:
            raise Malformed(self._protocol, 0, f"{count} bits are needed, {self._left} are left")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    @property
    def left(self) -> int:
        """How many bits are left."""
        return self._left
