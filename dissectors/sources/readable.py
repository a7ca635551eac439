"""Whether a pipe has something to read: by poll(2), or by reading ahead on systems without it."""
from __future__ import annotations

import contextlib
import os
import queue
import select
import threading

CHUNK_OCTETS = 1 << 18
MAX_CHUNKS_AHEAD = 16
"""Chunks that are read ahead."""


class Polled:
    """A file descriptor that is checked with poll(2)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN | select.POLLHUP)

    def ready(self, timeout: float) -> bool:
        """Whether there are octets or their end, within so many seconds."""
        return bool(self._poll.poll(timeout * 1000))

    def begun(self, timeout: float) -> bool:
        """Whether there are octets, within so many seconds; a closed pipe may have none."""
        return any(event & select.POLLIN for _, event in self._poll.poll(timeout * 1000))

    def read(self) -> bytes:
        """The available octets, at most one chunk; empty at the end."""
        return os.read(self._descriptor, CHUNK_OCTETS)


class ReadAhead:
    """The same without poll(2) for pipes, as on Windows: a thread reads ahead."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._next: bytes | None = None
        self._chunks: queue.Queue[bytes] = queue.Queue(MAX_CHUNKS_AHEAD)
        threading.Thread(target=self._work, name="read ahead", daemon=True).start()

    def ready(self, timeout: float) -> bool:
        """As `Polled.ready`."""
        if self._next is None:
            with contextlib.suppress(queue.Empty):
                self._next = self._chunks.get(timeout > 0, timeout)
        return self._next is not None

    def begun(self, timeout: float) -> bool:
        """As `Polled.begun`."""
        return self.ready(timeout) and bool(self._next)

    def read(self) -> bytes:
        """As `Polled.read`."""
        chunk = self._next if self._next is not None else self._chunks.get()
        # The end stays the end.
        self._next = None if chunk else chunk
        return chunk

    def _work(self) -> None:
        """The thread: read to the end; an error is an end, too."""
        chunk = b"begun"
        while chunk:
            try:
                chunk = os.read(self._descriptor, CHUNK_OCTETS)
            except OSError:
                chunk = b""
            self._chunks.put(chunk)


def readable(descriptor: int) -> Polled | ReadAhead:
    """A descriptor that can report whether there is something to read."""
    return Polled(descriptor) if hasattr(select, "poll") else ReadAhead(descriptor)
