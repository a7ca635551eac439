"""A process of its own that may die, and must not take too long."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import IO, TypeVar

READY = b"R"
MAX_SECONDS = 10.0
"""How long one step of the work may take."""

Same = TypeVar("Same", bound="Apart")


class Apart:
    """The process, started when it is needed; it ends with `close`. Its steps are done within `timed`."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._begun: float | None = None
        self._closed = threading.Event()

    @contextmanager
    def timed(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """The pipes to the process and from it; who asks gets OSError or EOFError where it dies or is ended."""
        try:
            self._begun = monotonic()
            process = self._process or self._start()
            assert process.stdin is not None and process.stdout is not None
            yield process.stdin, process.stdout
        finally:
            self._begun = None

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The process, while there is one."""
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        assert process.stdout is not None
        if read(process.stdout, len(READY)) != READY:
            raise EOFError
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """End the process where a step takes too long."""
        while not self._closed.wait(min(1.0, MAX_SECONDS / 4)) and process.poll() is None:
            begun = self._begun
            if begun is not None and monotonic() - begun > MAX_SECONDS:
                process.kill()

    def end(self) -> None:
        """End the process; the next step starts another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stdin):
                _shut(pipe)

    def __enter__(self: Same) -> Same:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self.end()


def python(script: str) -> tuple[str, ...]:
    """The command that runs a script of Python by its path."""
    return sys.executable, script


def read(pipe: IO[bytes], size: int) -> bytes:
    """So many octets; raises EOFError where there are fewer."""
    octets = pipe.read(size)
    if len(octets) < size:
        raise EOFError
    return octets


def _shut(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        # What was not written yet goes nowhere.
        return
