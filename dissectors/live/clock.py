"""The clock by which the frames of a session are dated."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from dissectors.mux.scan import middle

CLOCK_RECORDS = 5
"""Records whose times say what the clock says: one of them may be wrong, or two."""


class FramesClock:
    """What time it is by the frames; the clock goes on while none comes.

    It is known by how far it is ahead of our own, the monotonic one. Of the last frames the middle one says so: one
    that is dated wrong moves nothing, and a clock that was set is followed with the third frame.
    """

    def __init__(self) -> None:
        self._ahead: deque[int] = deque(maxlen=CLOCK_RECORDS)

    def hear(self, times: Sequence[int]) -> None:
        """Frames of these times have just come; the last few are enough."""
        ours = time.monotonic_ns()
        self._ahead.extend(moment - ours for moment in times)

    def now(self) -> int:
        """Nanoseconds since the epoch; before the first frame by the clock of the system."""
        return time.monotonic_ns() + middle(self._ahead) if self._ahead else time.time_ns()
