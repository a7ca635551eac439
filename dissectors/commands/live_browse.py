"""A session on the screen on which one can go about: the session runs in a thread, the screen in the first one."""

from __future__ import annotations

import argparse
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dissectors.commands import browse, inputs
from dissectors.commands.live_recorder import recent_frames
from dissectors.commands.originals import Originals
from dissectors.findings.rule import counted
from dissectors.screens.book import Book

if TYPE_CHECKING:
    from dissectors.commands.live_recorder import FlightRecorder
    from dissectors.live.events import Event, Look
    from dissectors.live.recorder import Recorder
    from dissectors.live.session import Session
    from dissectors.outputs.terminal.lines import Line
    from dissectors.report import Place, Report
    from dissectors.sources.interface.source import Source
    from dissectors.sources.recent_frames import Held, RecentFrames

HELD_SECONDS = 5.0
"""Who saves a call waits at most so long for the session to hand out the frames that are held."""

STALLED_SECONDS = 3.0
"""A terminal that takes nothing is waited for so long when the session is over."""

SAVE_SECONDS = 60.0
"""For what is being saved then."""

CLOSED, INTERRUPTED = 141, "interrupted"


class Shared:
    """Holds the recent frames for the screen, and for a flight recorder where there is one.

    The session's thread adds frames, and hands them out between two looks to each who asked, when it adds none; see
    `live.recorder.Recorder`. When it is over, who asks gets them at once.
    """

    def __init__(self, frames: RecentFrames, recorder: Recorder | None = None) -> None:
        self.frames, self._recorder = frames, recorder
        self._asked: queue.SimpleQueue[Future[Held]] = queue.SimpleQueue()
        self._over = threading.Event()

    def held(self) -> Held | None:
        """What is held now; None where the session does not answer."""
        asked: Future[Held] = Future()
        self._asked.put(asked)
        if self._over.is_set():
            self._answer()
        try:
            return asked.result(HELD_SECONDS)
        except TooLate:
            # One that nobody waits for gets nothing, and what it would have got is nobody else's.
            asked.cancel()
            return None

    def _answer(self) -> None:
        """Hand out what is held to each who asked."""
        while True:
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                return
            if asked.set_running_or_notify_cancel():
                asked.set_result(self.frames.held())

    def look(self, report: Report, now: float) -> Sequence[Event]:
        """Hand out what is held, if somebody asked."""
        self._answer()
        return self._recorder.look(report, now) if self._recorder is not None else ()

    def finish(self, report: Report, now: float) -> Sequence[Event]:
        """The end of the session."""
        self.end()
        return self._recorder.finish(report, now) if self._recorder is not None else ()

    def end(self) -> None:
        """No frame comes any more."""
        self._over.set()
        self._answer()

    def news(self) -> list[str]:
        """What the flight recorder says."""
        return self._recorder.news() if self._recorder is not None else []


class Watching:
    """A session as a feed of the screen; see `screens.feed.Feed`."""

    lasts = True

    def __init__(
        self, session: Session, originals: Originals, frames: Shared, title: str, clock: str
    ) -> None:
        self.book, self.title, self.trouble = Book(), title, ""
        self._session, self._originals, self.frames, self._clock = session, originals, frames, clock
        self._look: Look | None = None
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._left = threading.Event()
        self._saving = threading.Lock()
        self._run: Future[None] | None = None

    def look(self, look: Look) -> None:
        """Take a look of the session; its thread calls this, and the screen is not waited for."""
        self.book.take(look.report, look.events)
        self._look = look
        for text in look.news:
            self._news.put(text)

    def show(self) -> None:
        """Run the session, and show it until it is over."""
        from dissectors.screens.view import View

        browse.show(self, View(newest_first=True), self._clock)

    def begin(self) -> None:
        """Start the session."""
        threads = ThreadPoolExecutor(1, "session")
        self._run = threads.submit(self._session.run)
        self._run.add_done_callback(self._over)
        threads.shutdown(wait=False)

    def shown(self) -> None:
        """A session goes on, whoever sees it."""

    def news(self) -> list[str]:
        """What people should know, once."""
        return [self._news.get() for _ in range(self._news.qsize())]

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self._run is not None and self._run.done()

    def stop(self) -> None:
        """End the session in order."""
        self._session.stop(INTERRUPTED)

    def left(self) -> None:
        """The screen is gone."""
        self._left.set()

    def meters(self) -> Line:
        """Time, frames, rates, and who dropped how many."""
        from dissectors.outputs.terminal.gauges import lasting, quantity
        from dissectors.outputs.terminal.lines import line, span

        look = self._look
        if look is None:
            return line(span("waiting for the first datagram …", "yellow"))
        dropped = look.dropped_kernel + look.dropped_us
        drops = f"dropped {look.dropped_kernel:,} by kernel, {look.dropped_us:,} by us"
        rates = f"{lasting(look.seconds)}  {look.received:,} seen  {quantity(look.datagrams_per_second)}/s  "
        return line(span(rates), span(drops, "bold red" if dropped else "green"))

    def written(self, place: Place) -> list[str]:
        """The messages of a frame, as long as they are held."""
        return self._originals.written(place)

    def suggested(self, numbers: Sequence[int]) -> str:
        """A name for a file with these calls."""
        return browse.name_for(self.book.snapshot, numbers)

    def save(self, numbers: Sequence[int], path: str) -> str:
        """Write what is held of these calls to a file, as the flight recorder does; one is written after the other."""
        with self._saving:
            return self._save(numbers, path)

    def _save(self, numbers: Sequence[int], path: str) -> str:
        from dissectors.queries.owned import Owned, owned
        from dissectors.rewriting.recorded import Cut, Recording, united

        if os.path.exists(path):
            return f"not saved: {path} exists"
        snapshot, mine = self.book.snapshot, Owned()
        for number in numbers:
            there = snapshot.report_of(number)
            if there is not None:
                mine = united(mine, owned(there[0], [there[1]]))
        report, held = snapshot.report, self.frames.held()
        if report is None or held is None:
            return "not saved: the session does not answer; try again"
        others = [at for at, call in enumerate(report.calls) if call.number not in numbers]
        alone = [at for at, stream in enumerate(report.streams) if stream.call is None]
        recording, keys = Recording(path, self.title), self._session.scanner.connections.secrets
        cut = Cut(held, [recording], [mine, owned(report, others, alone)], None if keys is None else keys.copy())
        cut.write()
        recording.finish()
        if recording.problem or not recording.frames:
            return f"not saved: {recording.problem or 'its frames are no longer held'}"
        missing = "" if recording.whole else "; its beginning was no longer held (--record-size)"
        return f"{counted(recording.frames, 'frame')} saved in {path}{missing}"

    def wait(self) -> None:
        """Wait for the end of the session; raises what went wrong in it."""
        if self._run is not None:
            self._run.result()

    def _over(self, _: Future[None]) -> None:
        self.frames.end()
        threading.Thread(target=self._leave, name="leave", daemon=True).start()

    def _leave(self) -> None:
        """End the program where a terminal that takes nothing holds up the screen: all is kept by now.

        A call that is being saved is written to its end first.
        """
        if self._left.wait(STALLED_SECONDS):
            return
        if self._saving.acquire(timeout=SAVE_SECONDS):
            self._saving.release()
        if not self._left.wait(STALLED_SECONDS):
            os._exit(CLOSED)


class Browsing:
    """What the screen needs of a session: its recent frames, and its messages as they were written."""

    def __init__(self, options: argparse.Namespace, source: Source, recorder: FlightRecorder | None) -> None:
        frames = recorder.frames if recorder is not None else recent_frames(options, source)
        self.frames = Shared(frames, recorder)
        self.originals = Originals(inputs.limits(options), options.secrets)
        self._title = ", ".join(source.names)
        self._clock: str = options.clock

    @contextmanager
    def over(self, session: Session) -> Iterator[Watching]:
        """A feed of this session; at the end the session is over, and what went wrong in it is raised."""
        feed = Watching(session, self.originals, self.frames, self._title, self._clock)
        try:
            yield feed
        finally:
            feed.left()
        if not feed.ended:
            raise KeyboardInterrupt
        feed.wait()
