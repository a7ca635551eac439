"""What a jitter buffer of a fixed size would have played, datagram by datagram.

Laws of this file:
1. Each datagram is due when the fastest one of the last seconds would have been played, so much later as the buffer is
   long, by its timestamp. What comes after that is late.
2. The fastest one is looked for again and again, so that clocks that run apart make nothing late.
"""

from __future__ import annotations

from collections import deque

WINDOW_NS = 10_000_000_000
SECOND_NS = 1_000_000_000


class Buffer:
    """One stream's; `late` counts what came too late, `runs` how often that began."""

    def __init__(self, milliseconds: int) -> None:
        self._slack = milliseconds * 1_000_000
        self._fastest: deque[tuple[int, int]] = deque()
        self.late = self.runs = 0
        self._was_late = False

    def plays(self, time: int, position: int, rate: int) -> bool:
        """Whether what came at a time in nanoseconds, and belongs to a position, is played."""
        delay = time - position * SECOND_NS // rate
        while self._fastest and self._fastest[0][0] < time - WINDOW_NS:
            self._fastest.popleft()
        in_time = not self._fastest or delay - self._fastest[0][1] <= self._slack
        # The delays that may still become the smallest, each later than the one before.
        while self._fastest and self._fastest[-1][1] >= delay:
            self._fastest.pop()
        self._fastest.append((time, delay))
        self.late += not in_time
        self.runs += not in_time and not self._was_late
        self._was_late = not in_time
        return in_time
