"""Blocks from the kernel's ring that wait for analysis: in memory first, then in a temporary file.

The kernel's ring holds a fraction of a second. A burst that is faster than the analysis waits here, and the analysis is
late for a while. The bound is in octets; blocks beyond it are refused, and the caller counts them. The file is a ring
of as many octets: it never grows beyond that.
"""
from __future__ import annotations

import struct
import tempfile
import threading
from collections import deque
from collections.abc import Iterator

Block = tuple[int, bytes]
"""The number of its ring, and its octets."""

MAX_MEMORY_OCTETS = 256 << 20
"""Octets that wait in memory before any go to the file: a disk is slower than a fast network."""

head = struct.Struct("=II")


class Backlog:
    """Rounds of blocks, first in, first out, from one thread to another."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.octets = 0
        self._rounds: deque[list[Block]] = deque()
        self._held = 0
        self._file = tempfile.TemporaryFile(buffering=0)
        # Places count on; in the file they go around.
        self._begin = self._end = 0
        self._changed = threading.Condition()

    def put(self, blocks: list[Block]) -> bool:
        """Add a round; False if there is no room for it, then nothing is kept."""
        size = sum(len(octets) for _, octets in blocks)
        with self._changed:
            if self.octets + size > self.limit or not self._keep(blocks, size):
                return False
            self.octets += size
            self._changed.notify()
        return True

    def wait(self, timeout: float) -> None:
        """Sleep until there is a round, at most `timeout` seconds."""
        with self._changed:
            if not self.octets:
                self._changed.wait(timeout)

    def wake(self) -> None:
        """Wake the sleeping thread."""
        with self._changed:
            self._changed.notify()

    def get(self) -> list[Block]:
        """The oldest round; empty when there is none."""
        with self._changed:
            if self._rounds:
                blocks = self._rounds.popleft()
                self._held -= sum(len(octets) for _, octets in blocks)
            elif self._end > self._begin:
                blocks = self._read()
            else:
                return []
            self.octets -= sum(len(octets) for _, octets in blocks)
            return blocks

    def close(self) -> None:
        """Forget everything."""
        self._file.close()

    def _keep(self, blocks: list[Block], size: int) -> bool:
        # Once something waits in the file, everything that comes later waits behind it.
        if self._end == self._begin and self._held + size <= MAX_MEMORY_OCTETS:
            self._rounds.append(blocks)
            self._held += size
            return True
        parts = [head.pack(len(blocks), 0)]
        for number, octets in blocks:
            parts += (head.pack(number, len(octets)), octets)
        joined = memoryview(b"".join(parts))
        if self._end - self._begin + len(joined) > self.limit:
            return False
        try:
            self._write(joined)
        except OSError:
            return False
        self._end += len(joined)
        return True

    def _write(self, octets: memoryview) -> None:
        for place, size in self._places(self._end, len(octets)):
            self._file.seek(place)
            part, octets = octets[:size], octets[size:]
            while part:
                part = part[self._file.write(part) or 0 :]

    def _read(self) -> list[Block]:
        count, _ = head.unpack(self._exactly(head.size))
        blocks = []
        for _ in range(count):
            number, size = head.unpack(self._exactly(head.size))
            blocks.append((number, self._exactly(size)))
        if self._begin == self._end:
            self._begin = self._end = 0
            self._file.truncate(0)
        return blocks

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        for place, wanted in self._places(self._begin, size):
            self._file.seek(place)
            while wanted:
                part = self._file.read(wanted)
                if not part:
                    raise OSError("the temporary file of the backlog was cut")
                parts.append(part)
                wanted -= len(part)
        self._begin += size
        return b"".join(parts)

    def _places(self, begin: int, size: int) -> Iterator[tuple[int, int]]:
        """The places of so many octets in the file, and their sizes: up to its end, and the rest from its beginning."""
        place = begin % self.limit
        first = min(size, self.limit - place)
        yield place, first
        if size > first:
            yield 0, size - first
