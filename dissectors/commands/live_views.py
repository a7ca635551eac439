"""The views of a session (a screen, a log or events), and the end of the session when their reader leaves."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.commands.live_browse import Browsing
    from dissectors.commands.live_listeners import Listeners
    from dissectors.live.events import Event, Look
    from dissectors.live.session import Session
    from dissectors.outputs.speaker import Speaker

NO_SCREEN = ("dumb", "unknown")
UNREAD = "standard output was closed"
"""Why a session ended when its reader left."""


class Audience:
    """Who reads a session: `out` has the screen or the events, `notes` is for messages to people.

    When the reader of `out` leaves, the session ends in order: all frames received by then are still read and kept.
    `said` holds the news that were shown, `unsaid` counts events for which the reader left no room.
    """

    def __init__(self, options: argparse.Namespace, session: Session) -> None:
        from dissectors.outputs.speaker import Speaker

        self._session = session
        self._taken = quiet(options)
        self.out, self.notes = Speaker(sys.stdout), Speaker(sys.stderr)
        self.said: set[str] = set()
        self.unsaid = 0
        self.stalled = False

    @property
    def error(self) -> OSError | None:
        """Why standard output takes nothing any more."""
        return self.out.error

    @property
    def left(self) -> bool:
        """Whether the reader closed the pipe; any other error is one of the output itself."""
        return isinstance(self.error, BrokenPipeError)

    @property
    def events(self) -> Speaker:
        """Where events go: standard output may be for the report or the frames alone."""
        return self.notes if self._taken else self.out

    def look(self, look: Look, show: Callable[[Look], None]) -> None:
        """Show one look; nothing in it waits for the reader."""
        if self.error is None:
            show(look)
            self.said.update(look.news)
        else:
            self._session.stop(UNREAD)

    def event(self, event: Event, write: Callable[[Event], str]) -> None:
        """Write an event, or count it where there is no room; what was counted is told when there is room again."""
        from dissectors.live.events import MissedEvent

        if self.unsaid and self.events.say(f"{write(MissedEvent('missed', event.time, self.unsaid))}\n"):
            self.unsaid = 0
        if self.unsaid or not self.events.say(f"{write(event)}\n"):
            self.unsaid += 1

    def report(self, texts: Iterable[str], speaker: Speaker | None = None) -> int:
        """Write what must be whole; return how many octets a reader who stalls did not take."""
        left = (speaker or self.out).tell(texts)
        self.stalled = self.stalled or (left > 0 and self.error is None)
        return left

    def say(self, text: str) -> None:
        """Write a message for people."""
        self.notes.say(message(text))

    def close(self) -> None:
        """Wait for the last messages, but not for a reader who stalls."""
        self.notes.tell(())
        for speaker in (self.out, self.notes):
            speaker.close()


def watch(
    options: argparse.Namespace, session: Session, listeners: Listeners, browsing: Browsing | None = None
) -> Audience:
    """Run the session with the view that the options select, and with whoever else listens."""
    lines = options.ndjson or options.log or quiet(options)
    audience = Audience(options, session)
    if browsing is not None:
        with browsing.over(session) as feed:
            session.watch = _shown(options, audience, listeners, feed.look)
            feed.show()
        return audience
    if sys.stdout.isatty() and os.environ.get("TERM") not in NO_SCREEN and not lines:
        _screen(options, session, audience, listeners)
        return audience
    session.watch = _shown(options, audience, listeners, _log(options, audience))
    session.run()
    return audience


def _shown(
    options: argparse.Namespace, audience: Audience, listeners: Listeners, show: Callable[[Look], None]
) -> Callable[[Look], None]:
    """What a session does with each look."""
    from dissectors.commands.live_listeners import severe
    from dissectors.wire.values import replace

    def look(whole: Look) -> None:
        told = severe(whole, options.min_severity)
        listeners.look(whole, told)
        if news := listeners.news():
            told = replace(told, news=(*told.news, *news))
        audience.look(told, show)

    return look


def quiet(options: argparse.Namespace) -> bool:
    """Whether standard output holds data for programs."""
    return not inputs.report_format(options).for_people or options.keep == inputs.STANDARD_INPUT


def _screen(options: argparse.Namespace, session: Session, audience: Audience, listeners: Listeners) -> None:
    from dissectors.screens.live import Screen
    from dissectors.screens.sheet import Sheet

    title = f"{', '.join(session.source.names)} by {session.source.backend}"
    screen = Screen(cast("TextIO", Sheet(audience.out)), title, options.keep, options.clock)
    session.watch = _shown(options, audience, listeners, screen.show)
    with screen:
        session.run()
    # The news on the screen vanished with it.
    audience.said.clear()


def _log(options: argparse.Namespace, audience: Audience) -> Callable[[Look], None]:
    """A function that writes the events of a look, as lines."""
    from dissectors.outputs.journal import human, ndjson

    zero: list[float] = []

    def write(event: Event) -> str:
        if not zero:
            zero.append(event.time)
        return ndjson(event) if options.ndjson else human(event, options.clock, zero[0])

    def log(look: Look) -> None:
        for text in look.news:
            audience.say(text)
        for event in look.events:
            audience.event(event, write)

    return log


def say(text: str) -> None:
    """Print a message for people, if standard error is open."""
    with suppress(OSError):
        print(message(text), end="", file=sys.stderr, flush=True)


def message(text: str) -> str:
    """A message as a line."""
    from dissectors.outputs.escape import visible

    return f"muxshark: {visible(text)}\n"
