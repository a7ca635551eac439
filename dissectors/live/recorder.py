"""What a session wants of a flight recorder."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dissectors.live.events import Event
from dissectors.report import Report
from dissectors.sources.recent_frames import RecentFrames


class Recorder(Protocol):
    """A flight recorder: it holds the recent frames, and hears at each look what is going on.

    What it gives are the events of what it wrote since the look before.
    """

    frames: RecentFrames

    def look(self, report: Report, now: float) -> Sequence[Event]:
        """Take the recent report at a time, in seconds."""
        ...

    def finish(self, report: Report, now: float) -> Sequence[Event]:
        """Take the report of the whole session, and write all that is due."""
        ...

    def news(self) -> list[str]:
        """News for people since the last call."""
        ...
