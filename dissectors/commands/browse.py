"""`muxshark browse`: go about in captures on the screen, call by call, while they are read."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dissectors.commands import choosing, inputs
from dissectors.wire.errors import CaptureError

if TYPE_CHECKING:
    from dissectors.outputs.terminal.lines import Line
    from dissectors.report import Place
    from dissectors.screens.book import Snapshot
    from dissectors.screens.feed import Feed
    from dissectors.screens.view import View

HELP = "go about in captures on the screen: calls, ladders, messages, streams"
DESCRIPTION = """\
Show the calls of captures on the screen, while they are read: sorted, filtered, searched; each with its ladder, its
messages, its streams and what was found. F1 shows the keys; they are those of sngrep where it has them.
It needs Textual (pip install 'muxshark[browse]')."""
LACKING = "browse needs the package textual: pip install 'muxshark[browse]'"
FIRST_SECONDS, MIN_SECONDS = 0.1, 0.5
"""Seconds from the beginning to the first report, and from one to the next."""

MAX_COMING_UP_SECONDS = 2.0
"""Reading waits at most so long for the screen to show the first report."""

MAX_REPORT_SHARE = 0.2
"""The share of time for reports on what was read so far: if one takes long, there are fewer."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    inputs.add_captures(parser)
    choosing.add_filter(parser, "calls")
    choosing.add_clock(parser)
    inputs.add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Show them until somebody quits."""
    named = inputs.timeline(options)
    require()
    from dissectors.screens.view import View

    with ExitStack() as stack:
        if inputs.STANDARD_INPUT in named:
            from dissectors.sources.rereadable import rereadable

            named = [rereadable(stack, name) for name in named]
            keyboard()
        feed = Reading(named, options)
        feed.begin()
        view = View()
        view.keep, view.text = options.filter, options.filter_text
        show(feed, view, options.clock, options.call or "")
        if feed.trouble:
            raise inputs.Refused(feed.trouble)
    return 0


def require() -> None:
    """Raise Refused without Textual, or without a terminal."""
    from importlib.util import find_spec

    if find_spec("textual") is None:
        raise inputs.Refused(LACKING)
    # Textual draws on standard error.
    if not (sys.stdout.isatty() and sys.stderr.isatty()) or os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        raise inputs.Refused("browse needs a terminal; muxshark analyze FILE prints a report anywhere")


def keyboard() -> int:
    """Let keys come from the terminal where standard input is data; the descriptor of the data is given back."""
    data = os.dup(sys.stdin.fileno())
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise inputs.Refused(f"no terminal to take keys from: {(error.strerror or str(error)).lower()}") from None
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
    return data


def show(feed: Feed, view: View, clock: str, call: str = "") -> None:
    """Show a feed on the screen, until that is left."""
    from dissectors.screens.browser.app import Browser

    Browser(feed, view, clock, call).run()


def name_for(snapshot: Snapshot, numbers: Sequence[int]) -> str:
    """A name for a file with these calls: that of the first."""
    from dissectors.rewriting.split import safe_name

    # A session of many calls may have forgotten one that is marked.
    entry = snapshot.entries.get(numbers[0])
    return f"{safe_name(numbers[0], '') if entry is None else safe_name(entry.number, entry.call_id)}.pcapng"


class Reading:
    """Captures that a thread reads, one report after the other; see `screens.feed.Feed`."""

    lasts = False

    def __init__(self, paths: Sequence[str], options: argparse.Namespace) -> None:
        """Raises CaptureError where one cannot be read at all."""
        from dissectors.commands.originals import Originals
        from dissectors.screens.book import Book
        from dissectors.sources.capture import open_capture

        for path in paths:
            with open_capture(path):
                pass
        self.book = Book()
        self.title = ", ".join(os.path.basename(path) or path for path in paths)
        self.trouble = ""
        self._paths, self._options = paths, options
        self._keys = inputs.keys(options)
        self._originals = Originals(inputs.limits(options), options.secrets)
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._due = self._asked = 0.0
        self._shown = threading.Event()

    def begin(self) -> None:
        """Start to read, once."""
        if self._thread is None:
            self._due = time.monotonic() + FIRST_SECONDS
            self._thread = threading.Thread(target=self._read, name="read", daemon=True)
            self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether all is read."""
        return self._thread is not None and not self._thread.is_alive()

    def news(self) -> list[str]:
        """Nothing: what went wrong is among the meters."""
        return []

    def shown(self) -> None:
        """Somebody sees it: go on."""
        self._shown.set()

    def stop(self) -> None:
        """Read no more."""
        self._stopped = True

    def meters(self) -> Line:
        """How much was read."""
        from dissectors.outputs.terminal.lines import count, line, span
        from dissectors.outputs.terminal.moments import seconds

        snapshot = self.book.snapshot
        if self.trouble:
            return line(span(self.trouble, "bold red"))
        if snapshot.report is None:
            return line(span("reading …", "yellow"))
        capture = snapshot.report.capture
        said = f"{count(capture.frames, 'frame')}, {count(capture.datagrams, 'datagram')}, {seconds(capture.duration)}"
        return line(span(said), span("" if snapshot.whole else "  reading on …", "yellow"))

    def written(self, place: Place) -> list[str]:
        """The messages of a frame, as long as they are held."""
        return self._originals.written(place)

    def suggested(self, numbers: Sequence[int]) -> str:
        """A name for a file with these calls."""
        return name_for(self.book.snapshot, numbers)

    def save(self, numbers: Sequence[int], path: str) -> str:
        """Write these calls to a file, as `split` does."""
        from dissectors.queries.owned import owned
        from dissectors.rewriting import split

        snapshot = self.book.snapshot
        report = snapshot.report
        if report is None or not snapshot.whole:
            return "the capture is still being read; save when that has ended"
        group = [snapshot.positions[number] for number in numbers if number in snapshot.positions]
        others = set(range(len(report.calls))).difference(group)
        alone = [at for at, stream in enumerate(report.streams) if stream.call is None]
        parts = [owned(report, group), owned(report, others, alone)]
        try:
            written = split.into_file(self._paths, parts, path, keys=self._keys)
        except (CaptureError, OSError) as error:
            return f"not saved: {error}"
        return f"{written.frames[0]:,} frames saved in {path}"

    def _read(self) -> None:
        from dissectors import offline

        options = self._options
        try:
            for report, whole in offline.growing_reports(
                self._paths, due=self._is_due, taken=self._originals.take, limits=inputs.limits(options),
                forced=inputs.forced(options), keys=self._keys, secrets=options.secrets,
            ):
                if self._stopped:
                    return
                self.book.take(report, whole=whole)
                spent = time.monotonic() - self._asked
                if report.calls and not whole:
                    # The screen comes up while nothing else asks for the interpreter.
                    self._shown.wait(MAX_COMING_UP_SECONDS)
                least = MIN_SECONDS if report.calls else FIRST_SECONDS
                self._due = time.monotonic() + max(least, spent / MAX_REPORT_SHARE)
        except (CaptureError, OSError) as error:
            self.trouble = str(error)

    def _is_due(self) -> bool:
        self._asked = time.monotonic()
        return self._asked >= self._due or self._stopped
