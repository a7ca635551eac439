"""The verdicts on the datagrams of a capture, beside its frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dissectors import offline
from dissectors.mux.scan import Row


class Verdicts:
    """The settled rows of a capture, asked for frame by frame, in order."""

    def __init__(self, path: str, forced: Mapping[int, str] | None = None) -> None:
        self._rows: Iterator[Row] = offline.rows([path], forced=dict(forced or {}))
        self._frame = 0
        self._held: list[Row] = []
        self._next = next(self._rows, None)

    def of(self, frame: int, number: int) -> Row | None:
        """The row of a datagram of this frame, by its number there."""
        if frame != self._frame:
            self._frame, self._held = frame, []
            while self._next is not None and self._next.datagram.frame < frame:
                self._next = next(self._rows, None)
            while self._next is not None and self._next.datagram.frame == frame:
                self._held.append(self._next)
                self._next = next(self._rows, None)
        return self._held[number] if number < len(self._held) else None
