"""A worker's process, watched from outside: what it says, how it ends, and that it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

WORKER = (sys.executable, "-m", "tests.fuzz.worker")
ROOT = Path(__file__).parent.parent.parent
MEMORY = 3 << 30
CASE_SECONDS = 300.0
"""How long a worker may say nothing: far longer than its own bound, which is of the processor's time."""

DUMP_SECONDS = 5.0
SUMMARIES = ("SUMMARY: ", ": runtime error: ")
"""What the line of a sanitizer holds that names the place."""

SHOWN = 12_000
"""Characters of what a worker that ended wrote on standard error."""


class Surroundings(NamedTuple):
    """Where a worker runs, and with which variables in its environment beside those of this process."""

    folder: Path = ROOT
    variables: Mapping[str, str] = {}


class Child:
    """A worker that was started. `events` is what it tells; a crash and a silence that lasts are told in its place."""

    def __init__(self, words: Sequence[str], scratch: Path, around: Surroundings, worker: Sequence[str]) -> None:
        self._errors = (scratch / "errors").open("w+b")
        self._silent = False
        self.process = subprocess.Popen(
            [*worker, *words, "--scratch", str(scratch), "--memory", str(MEMORY)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, cwd=around.folder,
            env={**os.environ, **around.variables, "TMPDIR": str(scratch)},
        )

    def events(self, until: float) -> Iterator[dict[str, Any]]:
        """What the worker tells, up to the end of the case in which a moment of the monotonic clock has come.

        A worker that did not end well gives `crash` at the end, a line, and what it `said` on standard error.
        """
        for line in self._lines():
            event = json.loads(line)
            yield event
            if "done" in event and time.monotonic() >= until:
                return
        if self._silent:
            yield {"crash": f"silent for {CASE_SECONDS:.0f} seconds", "said": self._dumped()}
        elif status := self.process.wait():
            how, said = f"signal {-status}" if status < 0 else f"exit status {status}", self._said()
            yield {"crash": f"the process ended: {how}, {last_words(said)}", "said": said}

    def _lines(self) -> Iterator[bytes]:
        """What the worker writes, until it writes no more or is silent for too long."""
        rest = b""
        assert self.process.stdout is not None
        while select.select([self.process.stdout], [], [], CASE_SECONDS)[0]:
            octets = os.read(self.process.stdout.fileno(), 1 << 16)
            if not octets:
                return
            *lines, rest = (rest + octets).split(b"\n")
            yield from lines
        self._silent = True

    def _dumped(self) -> str:
        """Where a worker is that says nothing, as it writes itself when it is asked."""
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(DUMP_SECONDS)
        return self._said()

    def _said(self) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace")
        return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}\n…\n{text[-SHOWN // 2 :]}"

    def close(self) -> None:
        """End the worker, if it has not ended."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()


def last_words(said: str) -> str:
    """The line of what a process said in its last words that says most: a sanitizer's, else the last one."""
    lines = said.splitlines()
    named = [line for line in lines if any(mark in line for mark in SUMMARIES)]
    return (named or [line for line in lines if line[:1].isalpha()] or ["without a word"])[-1]
