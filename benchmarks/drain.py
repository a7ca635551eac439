"""What a program says while it runs, taken at once, so that it never waits for whoever reads."""
from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ROWS, COLUMNS = 24, 80
LAST = 1 << 20
"""Octets that are remembered: a screen says much, and its last words count."""


class Drained:
    """Reads descriptors to their ends, a thread each; `text` is the end of all that came."""

    def __init__(self, *descriptors: int) -> None:
        self._said = bytearray()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._read, args=(one,), daemon=True) for one in descriptors]
        for thread in self._threads:
            thread.start()

    @property
    def text(self) -> str:
        """What has been said; asked at the end of the program, all of it."""
        self.join()
        return self._said.decode("utf-8", "replace")

    def wait_for(self, word: str, patience: float) -> None:
        """Sleep until the word was said; raises SystemExit when nobody says it."""
        deadline = time.monotonic() + patience
        with self._changed:
            while word.encode() not in self._said:
                if not self._changed.wait(deadline - time.monotonic()):
                    raise SystemExit(f"it never said {word}: {self._said.decode('utf-8', 'replace')}")

    def join(self) -> None:
        """Wait for the last word. A terminal never ends: a moment must do."""
        for thread in self._threads:
            thread.join(1.0)

    def _read(self, descriptor: int) -> None:
        with suppress(OSError):
            while chunk := os.read(descriptor, 1 << 16):
                with self._changed:
                    self._said += chunk
                    del self._said[:-LAST]
                    self._changed.notify_all()


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal of 80 × 24: our end and the program's."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        yield ours, theirs
    finally:
        os.close(theirs)
        os.close(ours)
