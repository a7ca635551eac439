"""The clock of a session, from the times of its frames."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from dissectors.mux.scan import middle

CLOCK_RECORDS = 5
"""Records whose times set the clock: one or two of them may be wrong."""


class FramesClock:
    """The present time by the frames; the clock continues without frames.

    It is kept as an offset to the monotonic clock: the median of the last frames. So one wrong time changes nothing,
    and a clock that was set is followed with the third frame.
    """

    def __init__(self) -> None:
        self._ahead: deque[int] = deque(maxlen=CLOCK_RECORDS)

    def hear(self, times: Sequence[int]) -> None:
        """Take the times of frames that have just come; the last few are enough."""
        ours = time.monotonic_ns()
        self._ahead.extend(moment - ours for moment in times)

    def now(self) -> int:
        """Nanoseconds since the epoch; before the first frame, by the system's clock."""
        return time.monotonic_ns() + middle(self._ahead) if self._ahead else time.time_ns()
