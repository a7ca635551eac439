"""Captures in a pipe from a running program: tcpdump, ssh, and dumpcap started by us."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable

from dissectors.sources.interface.interfaces import Watched, named
from dissectors.sources.interface.source import Drops, Refusal, Wanted
from dissectors.sources.readable import readable
from dissectors.wire.captures.formats import enough, walker
from dissectors.wire.captures.records import Notes, Record, Walker
from dissectors.wire.errors import CaptureError

START_TIMEOUT_SECONDS = 5.0
"""The most seconds for the start of dumpcap, and for its end."""

SETTLE_SECONDS = 0.5
"""The most seconds for which the writer may hold a frame."""

LAST_WAIT_SECONDS = 0.1
"""Seconds without any octets after which the wait ends."""

MAX_PIPE_OCTETS = 1 << 20
"""Octets that a pipe may hold: at the end so many are read, without a time limit."""


class Pipe:
    """A capture on a file descriptor, pcap, pcapng or snoop, read as it is written.

    Raises CaptureError at the first octets if they are not a capture. `recognised` is called with the walker before it
    is fed anything.
    """

    backend = "pipe"

    def __init__(self, descriptor: int, name: str = "standard input") -> None:
        self.why = "frames come through a pipe"
        self.names: tuple[str, ...] = (name,)
        self.ended = False
        self.behind = 0
        self.head = b""
        self.failed = ""
        self._stop_at: float | None = None
        self._since_stop = 0
        self.walker: Walker | None = None
        self.recognised: Callable[[Walker], object] = _nothing
        self._start = b""
        self._input = readable(descriptor)

    @property
    def notes(self) -> Notes:
        """The capture's own information so far."""
        return self.walker.notes if self.walker else Notes()

    def wait(self, timeout: float) -> None:
        """Sleep until there are octets or the writer has closed the pipe."""
        if not self.ended:
            self._input.ready(timeout)

    def read(self) -> list[Record]:
        """The frames that are whole now."""
        chunk, _ = self.octets()
        if self.walker is None or not chunk:
            return []
        records = list(self.walker.feed(chunk))
        self.look()
        return records

    def octets(self) -> tuple[bytes, int]:
        """The octets received, for `walker`; nothing until the format is known."""
        self.look()
        if self.ended or not self._waiting():
            return b"", 0
        chunk = self._input.read()
        self._since_stop += len(chunk) if self._stop_at is not None else 0
        if not chunk:
            self._finish()
        elif self.walker is None:
            self._start += chunk
            if len(self._start) < enough(self._start):
                return b"", 0
            self.walker, chunk, self._start = self._recognised(), self._start, b""
            self.recognised(self.walker)
        return chunk, 0

    def look(self) -> None:
        """End if the octets walked so far are damaged."""
        if self.walker is not None and self.walker.notes.corrupt is not None:
            offset, reason = self.walker.notes.corrupt
            self.ended, self.failed = True, f"{self.names[0]}: damaged at byte {offset}: {reason}"

    def stop(self) -> None:
        """Read the octets in the pipe, and those that the writer sends when it is interrupted; then no more."""
        self._stop_at = self._stop_at or time.monotonic() + SETTLE_SECONDS

    def drops(self) -> Drops:
        """The dropped frames that the writer reported."""
        return Drops(self.notes.drops)

    def news(self) -> list[str]:
        """Nothing: a pipe has no state but its end."""
        return []

    def close(self) -> None:
        """Nothing: the caller closes the descriptor."""

    def _waiting(self) -> bool:
        """Whether there are octets, or the end of them; after `stop`, whether any came in time."""
        if self._stop_at is None:
            return self._input.ready(0)
        late = time.monotonic() > self._stop_at
        ready = self._input.ready(0 if late else LAST_WAIT_SECONDS)
        self.ended = not ready or (late and self._since_stop >= MAX_PIPE_OCTETS)
        return not self.ended

    def _recognised(self) -> Walker:
        try:
            return walker(self._start[: enough(self._start)])
        except CaptureError as error:
            raise CaptureError(f"{self.names[0]}: {error}") from None

    def _finish(self) -> None:
        self.ended = True
        if self.walker is None:
            self.failed = f"{self.names[0]}: ended before a capture began"
        elif self.walker.finish():
            self.failed = f"{self.names[0]}: ended within a record"


USUAL_MESSAGES = ("Capturing on", "File:", "Packets ")
"""The beginnings of lines that dumpcap always prints."""


class Dumpcap(Pipe):
    """Wireshark's capture program, which may have more rights than we have; raises Refusal if it does not start."""

    backend = "dumpcap"

    def __init__(self, wanted: Wanted) -> None:
        program = shutil.which("dumpcap")
        if program is None:
            raise Refusal("not for you: only its group may run it" if _is_there() else "not installed")
        for name in wanted.interfaces:
            named(name)
        # A session of its own: Ctrl-C reaches us alone, and we ask it to end in order.
        self._asked = False
        self._process = subprocess.Popen(
            arguments(program, wanted), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        super().__init__(self._process.stdout.fileno(), "dumpcap")
        self.names = wanted.interfaces
        self._watched = Watched(wanted.interfaces)
        self.why = "frames come from Wireshark's dumpcap"
        # A pipe that was hung up has nothing to read, although the process may not have ended yet.
        if not self._input.begun(START_TIMEOUT_SECONDS):
            reason = self._complaint("it did not begin")
            self.close()
            raise Refusal(reason)

    def octets(self) -> tuple[bytes, int]:
        """The octets that it has sent."""
        if self._stop_at is not None and not self._asked and time.monotonic() > self._stop_at:
            self._asked = True
            try:
                self._process.send_signal(signal.SIGINT)
            except (PermissionError, ValueError):
                # It runs as somebody whom we no longer are, or cannot be asked on Windows: it ends when nobody reads.
                self.ended = True
        found = super().octets()
        # It comes to an end that nobody asked for without calling that an error, when its interface disappears.
        if self.ended and not self.failed and (not self._asked or self._process.poll()):
            self.failed = f"dumpcap: {self._complaint('ended')}"
        return found

    def news(self) -> list[str]:
        """Interfaces that went down, came back or disappeared."""
        return self._watched.news()

    def _waiting(self) -> bool:
        # It ends in order when it is asked to, and then its pipe does.
        return self._input.ready(0)

    def close(self) -> None:
        """End it for good."""
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        with contextlib.suppress(PermissionError, subprocess.TimeoutExpired):
            self._process.terminate()
            self._process.wait(START_TIMEOUT_SECONDS)

    def _complaint(self, otherwise: str) -> str:
        """The first line of its messages, without its name."""
        if self._process.stderr is None or self._process.stderr.closed:
            return otherwise
        waits = os.name != "posix"
        if not waits:
            os.set_blocking(self._process.stderr.fileno(), False)
        deadline, said = time.monotonic() + START_TIMEOUT_SECONDS, b""
        while self._process.poll() is None and not said and time.monotonic() < deadline:
            time.sleep(0.02)
        if waits and self._process.poll() is None:
            # Whoever reads what it says waits for its end.
            return otherwise
        with contextlib.suppress(OSError):
            said = self._process.stderr.read() or b""
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if line]
        lines = [line for line in lines if not line.startswith(USUAL_MESSAGES)]
        return lines[0].removeprefix("dumpcap: ")[:200] if lines else otherwise


begin = Dumpcap
"""How `interface.backends` opens it."""


def _nothing(_: Walker) -> None:
    """Nobody asked to be told."""


def _is_there() -> bool:
    """Whether there is a dumpcap that we may not run: Debian allows only the group wireshark."""
    return any(os.path.exists(os.path.join(folder, "dumpcap")) for folder in os.get_exec_path())


def arguments(program: str, wanted: Wanted) -> list[str]:
    """The command line of dumpcap: pcapng on standard output, quiet."""
    words = [program, "-q", "-n", "-w", "-", "-B", str(max(1, wanted.buffer >> 20)), "-s", str(wanted.snaplen)]
    for name in wanted.interfaces:
        words += ["-i", name]
        words += ["-f", wanted.filter] if wanted.filter else []
        words += [] if wanted.promiscuous else ["-p"]
    return words
