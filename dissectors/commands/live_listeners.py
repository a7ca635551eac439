"""Who else listens to a session: a monitoring system, a file for one, a server of HEP, a program run for each event."""

from __future__ import annotations

import argparse
import queue
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from dissectors.commands.inputs import Refused
from dissectors.findings.rule import counted
from dissectors.findings.rules import SEVERITIES
from dissectors.live.events import EndEvent, Event, FindingEvent, Look
from dissectors.live.metrics import Metrics
from dissectors.outputs.journal import ndjson
from dissectors.outputs.renewed import renew
from dissectors.report import Severity
from dissectors.wire.values import replace

if TYPE_CHECKING:
    from dissectors.commands.live_hep import Relay
    from dissectors.commands.live_metrics import MetricsServer
    from dissectors.commands.live_page import PageFile
    from dissectors.report import Report

FILE_SECONDS = 5.0
"""Seconds between two versions of the file with metrics."""

MAX_WAITING_EVENTS, COMMAND_SECONDS = 100, 10.0
"""Events that wait for the program, and how long it may take for one."""


class MetricsFile:
    """Writes the metrics to a file, each version in the place of the one before at once."""

    def __init__(self, name: str, metrics: Metrics) -> None:
        self._name, self._metrics = name, metrics
        self._due = 0.0
        self.problem = ""
        self.write()
        if self.problem:
            raise Refused(f"--metrics-file {name}: {self.problem}")

    def look(self, look: Look) -> None:
        """Write it where that is due."""
        if time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write it now; a failure is remembered, and tried again."""
        self._due = time.monotonic() + FILE_SECONDS
        self.problem = renew(self._name, (self._metrics.text(),))


class Runner:
    """Runs a command for each event, which it finds on its standard input as a line of JSON.

    One runs at a time, for ten seconds at most; events that find a hundred waiting are counted in `dropped`. The
    command's words are split as a shell does it, and no shell sees them.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise Refused(f"--exec {command!r}: {error}") from None
        if not self._words:
            raise Refused("--exec: the command is empty")
        self.dropped = self.failed = 0
        self._events: queue.Queue[str | None] = queue.Queue(MAX_WAITING_EVENTS)
        self._thread = threading.Thread(target=self._work, name="exec", daemon=True)
        self._thread.start()

    def look(self, look: Look) -> None:
        """Take the events of a look."""
        for event in look.events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Run the command for this event, as soon as those before are done."""
        try:
            self._events.put_nowait(ndjson(event))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Wait for what runs and is due, for ten seconds at most; what is left is dropped."""
        until = time.monotonic() + COMMAND_SECONDS
        while not self._events.empty() and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(queue.Empty):
            while True:
                self._events.get_nowait()
                self.dropped += 1
        self._events.put(None)
        # What runs is ended after that time, and its end takes a moment.
        self._thread.join(COMMAND_SECONDS + 1.0)

    def _work(self) -> None:
        while (text := self._events.get()) is not None:
            try:
                done = subprocess.run(
                    self._words, input=f"{text}\n".encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    timeout=COMMAND_SECONDS, check=False,
                )
                self.failed += done.returncode != 0
            except (OSError, subprocess.TimeoutExpired):
                self.failed += 1


def severe(look: Look, least: Severity) -> Look:
    """A look without the events of findings that are less severe."""
    wanted = SEVERITIES[: SEVERITIES.index(least) + 1]
    kept = [event for event in look.events if not isinstance(event, FindingEvent) or event.severity in wanted]
    return replace(look, events=tuple(kept))


class Listeners:
    """All that were asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._metrics = Metrics()
        self._server: MetricsServer | None = None
        if options.metrics:
            # The library's server is for those alone who want to be asked.
            from dissectors.commands.live_metrics import MetricsServer

            self._server = MetricsServer(options.metrics, self._metrics)
        self._file = MetricsFile(options.metrics_file, self._metrics) if options.metrics_file else None
        self._runner = Runner(options.exec) if options.exec else None
        self.relay: Relay | None = None
        if options.hep:
            from dissectors.commands.live_hep import relay

            self.relay = relay(options)
        self._counts = bool(self._server or self._file)
        self._page: PageFile | None = None

    def show(self, name: str, clock: str, report: Callable[[], Report]) -> None:
        """Write the report so far into a file as a page, again and again."""
        from dissectors.commands.live_page import PageFile

        self._page = PageFile(name, clock, report)

    def look(self, whole: Look, told: Look) -> None:
        """Take a look: the metrics count all of it, the command hears what is told."""
        if self._counts:
            self._metrics.add(whole)
        if self._file:
            self._file.look(whole)
        if self._runner:
            self._runner.look(told)
        if self._page:
            self._page.look()
        if self.relay:
            self.relay.look(whole)

    def news(self) -> tuple[str, ...]:
        """What people should know of them since the last call."""
        return tuple(self.relay.news()) if self.relay else ()

    def close(self, end: EndEvent) -> Iterator[str]:
        """Tell them the end; gives what people should know of it."""
        if self._runner:
            self._runner.take(end)
            self._runner.close()
            if self._runner.dropped:
                yield f"--exec: {counted(self._runner.dropped, 'event')} not passed on, the command was too slow"
            if self._runner.failed:
                yield f"--exec: the command failed {counted(self._runner.failed, 'time')}"
        if self._file:
            self._file.write()
            if self._file.problem:
                yield f"--metrics-file: {self._file.problem}"
        if self._page:
            self._page.write()
            if self._page.problem:
                yield f"--html: {self._page.problem}"
        if self.relay:
            yield from self.relay.close()
        if self._server:
            self._server.close()
