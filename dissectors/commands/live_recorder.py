"""The flight recorder of `muxshark live`: which calls are written to files of their own, and when.

Laws of this file:
1. The session never waits for it: a thread cuts and writes, one cut at a time.
2. A call is judged when it is over and settled, when its first frames will be let go soon, and at the end. What is
   named while it goes on is written in several cuts.
3. It is bounded: in frames that are held, in calls that wait, in files.
"""
from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dissectors.commands.inputs import Refused
from dissectors.findings.rule import counted
from dissectors.limits.table import Table
from dissectors.live.events import MAX_REMEMBERED, SETTLED_SECONDS, Event, RecordedEvent
from dissectors.live.recent import OPEN
from dissectors.queries.owned import Owned, owned
from dissectors.queries.selection import found_by, of_call
from dissectors.report import Call, Finding, Report
from dissectors.rewriting.recorded import Cut, Recording, united
from dissectors.rewriting.split import safe_name
from dissectors.sources.recent_frames import RecentFrames
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    import argparse

    from dissectors.crypto.secrets import Secrets
    from dissectors.queries.expressions import Expression
    from dissectors.sources.interface.source import Source

MAX_GOING, MAX_WAITING = 64, 256
"""Calls that are written while they go on, each with an open file; calls that wait to be written."""

CLOSE_SECONDS = 2.0
"""A session that is ended at once waits so long for the cut that is going on."""

JUDGE_AGAIN_SECONDS = 5.0
"""A call that goes on and is not named is judged again after so long."""


def recent_frames(options: argparse.Namespace, source: Source) -> RecentFrames:
    """What holds the recent frames, within the bounds that the options set."""
    return RecentFrames(
        60.0 * options.record_minutes, options.record_size << 20, head=source.head, interface=", ".join(source.names)
    )


class Named(Struct):
    """A call that is to be written: its file, what is its own so far, its findings; `over` when nothing more comes."""

    call_id: str
    number: int
    recording: Recording
    owned: Owned
    findings: tuple[str, ...]
    over: bool


class FlightRecorder:
    """Holds the recent frames, and writes those of the calls that `wanted` names into `folder`.

    `keys` gives the keys that open TLS, once a session has set it. Raises Refused where the folder cannot be made.
    """

    def __init__(
        self, wanted: Expression, folder: str, frames: RecentFrames, *, files: int, interface: str = ""
    ) -> None:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise Refused(f"--record-dir {folder}: {(error.strerror or str(error)).lower()}") from None
        self.frames = frames
        self.keys: Callable[[], Secrets | None] = lambda: None
        self._wanted, self._folder, self._interface = wanted, folder, interface
        self._files, self._left_out, self._why = files, 0, ""
        self._named: set[str] = set()
        self._judged: Table[str, float] = Table("judged calls", MAX_REMEMBERED)
        self._going: dict[str, Named] = {}
        self._waiting: dict[str, Named] = {}
        self._cut: Cut | None = None
        self._thread: threading.Thread | None = None
        self._written: deque[Named] = deque()
        self._said: set[str] = set()
        self._news: list[str] = []

    def look(self, report: Report, now: float) -> Sequence[Event]:
        """Judge the calls of the recent report, and begin a cut where one is due and none is going on."""
        edge = self.frames.in_danger() / 1e9
        due = [position for position, call in enumerate(report.calls) if self._due(call, now, edge)]
        found = found_by(report)[0] if due else {}
        for position in due:
            self._judge(report, position, found, now, over=_is_over(report.calls[position], now))
        if self._waiting and (self._thread is None or not self._thread.is_alive()):
            self._begin(report)
        return self._events(now)

    def finish(self, report: Report, now: float) -> Sequence[Event]:
        """Judge all that is not written, and write what is named."""
        self._wait()
        found = found_by(report)[0]
        for position, call in enumerate(report.calls):
            if call.messages and (call.call_id not in self._named or call.call_id in self._going):
                self._judge(report, position, found, now, over=True)
            if len(self._waiting) >= MAX_WAITING:
                self._begin(report)
                self._wait()
        for named in self._going.values():
            named.over = True
            self._waiting[named.call_id] = named
        if self._waiting:
            self._begin(report)
            self._wait()
        events = self._events(now)
        if self._left_out:
            self._say(f"{counted(self._left_out, 'call')} not recorded: {self._why}")
        return events

    def news(self) -> list[str]:
        """What people should know since the last call."""
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """Leave no unfinished file behind."""
        self._wait(CLOSE_SECONDS)
        for named in (*self._going.values(), *self._waiting.values()):
            named.recording.discard()

    def _wait(self, seconds: float | None = None) -> None:
        """Wait for the cut that is going on, which need not rest any more."""
        if self._cut is not None:
            self._cut.gentle = False
        if self._thread is not None:
            self._thread.join(seconds)

    def _due(self, call: Call, now: float, edge: float) -> bool:
        """Whether to judge a call now."""
        name = call.call_id
        if not call.messages or name in self._waiting:
            return False
        if (going := self._going.get(name)) is not None:
            return _is_over(call, now) or going.owned.last / 1e9 <= edge
        if name in self._named:
            return False
        judged = self._judged.get(name, 0.0)
        if _is_over(call, now):
            return judged < call.messages[-1].time + SETTLED_SECONDS
        return call.start <= edge and now - judged >= JUDGE_AGAIN_SECONDS

    def _judge(self, report: Report, position: int, found: dict[int, list[Finding]], now: float, over: bool) -> None:
        """Let a call wait for the next cut, if it is named."""
        call = report.calls[position]
        named = self._going.get(call.call_id)
        if named is None:
            self._judged[call.call_id] = now
            if not self._wanted(of_call(report, position, call, found)) or not self._room(over):
                return
            self._named.add(call.call_id)
            named = Named(call.call_id, call.number, Recording(self._path(call), self._interface), Owned(), (), over)
        ids = (each.id for each in found.get(position, ()))
        named.owned = united(named.owned, owned(report, [position]))
        named.findings = tuple(dict.fromkeys((*named.findings, *ids)))
        named.over = over
        self._waiting[call.call_id] = named
        if not over:
            self._going[call.call_id] = named

    def _room(self, over: bool) -> bool:
        """Whether one more call can be written; one that goes on may be asked about again."""
        full = len(self._waiting) >= MAX_WAITING or not over and len(self._going) >= MAX_GOING
        if len(self._named) < self._files and not full:
            return True
        self._why = "too many wait to be written"
        if len(self._named) >= self._files:
            self._why = f"{counted(self._files, 'file')} written, which --record-files allows"
            self._say(f"no more calls are recorded: {self._why}")
        self._left_out += over
        return False

    def _path(self, call: Call) -> str:
        when = time.strftime("%Y%m%d-%H%M%S", time.localtime(call.start))
        return os.path.join(self._folder, f"{when}-{safe_name(call.number, call.call_id)}.pcapng")

    def _begin(self, report: Report) -> None:
        """Begin to cut what waits."""
        due, self._waiting = list(self._waiting.values()), {}
        names = {named.call_id for named in due}
        others = [position for position, call in enumerate(report.calls) if call.call_id not in names]
        alone = [position for position, stream in enumerate(report.streams) if stream.call is None]
        groups = [*(named.owned for named in due), owned(report, others, alone)]
        # One that goes on may be judged again while this cut is made.
        ending = [named for named in due if named.over]
        for named in ending:
            self._going.pop(named.call_id, None)
        keys = self.keys()
        self._cut = cut = Cut(
            self.frames.held(), [named.recording for named in due], groups, None if keys is None else keys.copy()
        )

        def work() -> None:
            cut.write()
            for named in ending:
                named.recording.finish()
                self._written.append(named)

        self._thread = threading.Thread(target=work, name="record", daemon=True)
        self._thread.start()

    def _events(self, now: float) -> list[Event]:
        """What was written since the last time."""
        events: list[Event] = []
        while self._written:
            named = self._written.popleft()
            recording = named.recording
            if recording.problem:
                self._say(f"{recording.problem}; that call is not recorded")
            elif not recording.frames:
                self._say(f"call {named.number}: its frames are no longer held; hold more with --record-size")
            else:
                events.append(RecordedEvent(
                    "recorded", now, named.call_id, named.number, recording.path, recording.frames, recording.whole,
                    named.findings,
                ))
        return events

    def _say(self, text: str) -> None:
        if text and text not in self._said and len(self._said) < MAX_REMEMBERED:
            self._said.add(text)
            self._news.append(text)


def _is_over(call: Call, now: float) -> bool:
    """Whether nothing more will come of it, late media included."""
    settled = now - call.messages[-1].time >= SETTLED_SECONDS
    return settled and (call.kind != "call" or call.outcome not in OPEN)
