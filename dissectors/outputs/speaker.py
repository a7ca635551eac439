"""What a session says, written by a thread: who says something never waits for who reads it.

A reader may stall (`| less`, Ctrl-S) and must not hold up the capture. So events that find no room are dropped and
counted, and only the last of the pages that wait is drawn.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import TextIO

MAX_WAITING_OCTETS = 4 << 20
"""Octets that may wait for the reader."""

PIECE_OCTETS = 4096
"""A pipe that has room at all has room for so many octets (POSIX calls it PIPE_BUF): to write them never blocks."""

PATIENCE_SECONDS = 2.0
"""At the end, a reader that takes nothing is waited for so long."""

LOOK_SECONDS = 0.2
"""Seconds between two looks whether the reader has left, while there is nothing to write."""


class Speaker:
    """Texts on their way to `stream`. `error` says why no more can be written, once that is so.

    `waiting` counts the octets that the reader has not taken yet.
    """

    def __init__(self, stream: TextIO, most: int = MAX_WAITING_OCTETS) -> None:
        self.stream = stream
        self.error: OSError | None = None
        self.waiting = 0
        self._most = most
        self._texts: deque[tuple[bytes, bool]] = deque()
        self._descriptor = stream.fileno()
        self._taken = 0
        self._closed = False
        self._change = threading.Condition()
        self._poll = select.poll() if hasattr(select, "poll") else None
        stream.flush()
        self._thread = threading.Thread(target=self._work, name="speaker", daemon=True)
        self._thread.start()

    def say(self, text: str) -> bool:
        """Write this text, whole or (where too much waits for the reader) not at all."""
        return self._add(text, self._most)

    def draw(self, page: str) -> None:
        """Write this page in the place of one that still waits."""
        with self._change:
            if self._texts and self._texts[-1][1]:
                self.waiting -= len(self._texts.pop()[0])
        self._add(page, None, page=True)

    def insist(self, text: str) -> None:
        """Write this text whatever waits: it is one of the few that must not be lost."""
        self._add(text, None)

    def tell(self, texts: Iterable[str], patience: float = PATIENCE_SECONDS) -> int:
        """Write all of these, at the reader's pace; return how many octets a reader that stalls did not take.

        It stalls when it takes nothing for `patience` seconds. Then nothing more is written.
        """
        for text in texts:
            if self.error is not None or self._stalls(self._most // 2, patience):
                break
            self._add(text, None)
        self._stalls(0, patience)
        return self.waiting

    def close(self) -> None:
        """Write no more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join(PATIENCE_SECONDS)

    def _add(self, text: str, most: int | None, page: bool = False) -> bool:
        octets = text.encode(self.stream.encoding or "utf-8", self.stream.errors or "strict")
        with self._change:
            if self.error is not None or (most is not None and self.waiting and self.waiting + len(octets) > most):
                return False
            self._texts.append((octets, page))
            self.waiting += len(octets)
            self._change.notify_all()
        return True

    def _stalls(self, waiting: int, patience: float) -> bool:
        """Wait until so many octets wait at most; True where the reader takes nothing for too long."""
        with self._change:
            taken, until = self._taken, time.monotonic() + patience
            while self.waiting > waiting and self.error is None:
                self._change.wait(LOOK_SECONDS)
                if self._taken != taken:
                    taken, until = self._taken, time.monotonic() + patience
                elif time.monotonic() >= until:
                    return True
        return False

    # The thread.

    def _work(self) -> None:
        while not self._closed and self.error is None:
            with self._change:
                if not self._texts:
                    self._change.wait(LOOK_SECONDS)
                octets = self._texts.popleft()[0] if self._texts else b""
            self._write(memoryview(octets))

    def _write(self, view: memoryview) -> None:
        """Write these octets piece by piece; nothing at all asks only whether somebody still reads."""
        try:
            while not self._closed:
                if self._has_room(bool(view)) and view:
                    count = os.write(self._descriptor, view[:PIECE_OCTETS])
                    view = view[count:]
                    self._count(count)
                if not view:
                    return
        except OSError as error:
            with self._change:
                self.error = error
                self._change.notify_all()

    def _has_room(self, wanted: bool) -> bool:
        """Whether a piece can be written now; raises BrokenPipeError when the reader has left."""
        if self._poll is None:
            return True
        self._poll.register(self._descriptor, select.POLLOUT if wanted else 0)
        found = self._poll.poll(LOOK_SECONDS * 1000 if wanted else 0)
        if any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, event in found):
            raise BrokenPipeError("nobody reads")
        return bool(found)

    def _count(self, octets: int) -> None:
        with self._change:
            self._taken += octets
            self.waiting -= octets
            self._change.notify_all()
