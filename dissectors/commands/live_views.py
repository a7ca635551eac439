"""The views of a session (a screen, a log or events), and the end of the session when their reader leaves."""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from dissectors.commands import inputs

if TYPE_CHECKING:
    from dissectors.live.events import Look
    from dissectors.live.session import Session

NO_SCREEN = ("dumb", "unknown")
UNREAD = "standard output was closed"
"""Why a session ended when its reader left."""


class Audience:
    """Passes looks to `show` while there is a reader; when the reader leaves, the session ends in order.

    So all frames received by then are still read and kept. `error` is the error of the output, `said` holds the news
    that were shown.
    """

    def __init__(self, session: Session, show: Callable[[Look], None]) -> None:
        self._session, self._show = session, show
        self.error: OSError | None = None
        self.said: set[str] = set()

    def look(self, look: Look) -> None:
        """Show one look."""
        if self.error is None:
            try:
                if unread(sys.stdout):
                    raise BrokenPipeError
                self._show(look)
                self.said.update(look.news)
            except OSError as error:
                self.error = error
        if self.error is not None:
            self._session.stop(UNREAD)

    @property
    def left(self) -> bool:
        """Whether the reader closed the pipe; any other error is one of the output itself."""
        return isinstance(self.error, BrokenPipeError)


def unread(stream: TextIO) -> bool:
    """Whether the other end of a pipe is closed. Ask often: a program that seldom writes would notice late."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(stream, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def watch(options: argparse.Namespace, session: Session) -> Audience:
    """Run the session with the view that the options select."""
    lines = options.ndjson or options.log or quiet(options)
    if sys.stdout.isatty() and os.environ.get("TERM") not in NO_SCREEN and not lines:
        return _screen(options, session)
    audience = Audience(session, _log(options))
    session.watch = audience.look
    session.run()
    return audience


def quiet(options: argparse.Namespace) -> bool:
    """Whether standard output holds data for programs."""
    return not inputs.report_format(options).for_people or options.keep == inputs.STANDARD_INPUT


def _screen(options: argparse.Namespace, session: Session) -> Audience:
    from dissectors.screens.live import Screen

    screen = Screen(sys.stdout, f"{', '.join(session.source.names)} by {session.source.backend}", options.keep)
    audience = Audience(session, screen.show)
    session.watch = audience.look
    try:
        with screen:
            session.run()
    except OSError:
        # A closed terminal cannot be restored either.
        if not audience.left:
            raise
    # The news on the screen vanished with it.
    audience.said.clear()
    return audience


def _log(options: argparse.Namespace) -> Callable[[Look], None]:
    """A function that writes the events of a look, as lines."""
    from dissectors.outputs.journal import human, ndjson

    write = ndjson if options.ndjson else human
    stream = sys.stderr if quiet(options) else sys.stdout

    def log(look: Look) -> None:
        for text in look.news:
            say(text)
        stream.writelines(f"{write(event)}\n" for event in look.events)
        stream.flush()

    return log


def say(text: str) -> None:
    """Print a message for people, if standard error is open."""
    from dissectors.outputs.escape import visible

    with suppress(OSError):
        print(f"muxshark: {visible(text)}", file=sys.stderr, flush=True)
