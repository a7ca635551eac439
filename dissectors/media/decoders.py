"""Payloads become samples by PyAV, in a process of its own (`worker`).

Laws of this file:
1. PyAV is never imported here. Its wheel is under LGPL-3.0-or-later; the process that loads it runs `worker` alone,
   which imports nothing of this project, nor Scapy, and looks for no module where the command was called.
2. A payload that takes too long, or ends that process, is silence. After a few such payloads nothing more is tried.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import cache
from importlib.util import find_spec
from time import monotonic
from types import TracebackType
from typing import IO

from dissectors.media import worker
from dissectors.media.codecs import DECODED
from dissectors.media.pcm import Sound
from dissectors.media.worker import FAILED, READY, REPLY, REQUEST
from dissectors.wire.errors import Malformed

LACKING = "needs the package av: pip install 'muxshark[media]'"
MAX_SECONDS = 10.0
"""How long one payload may take."""

MAX_DEATHS = 4
MAX_REPLY_OCTETS = 1 << 20


@cache
def available() -> bool:
    """Whether PyAV is installed; it is not loaded."""
    return find_spec("av") is not None


class Worker:
    """The process that decodes, started when it is needed; it ends with `close`."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, worker.__file__)) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._begun: float | None = None
        self._closed = threading.Event()
        self._deaths = 0

    def samples(self, number: int, sound: Sound, payload: bytes) -> bytes | None:
        """The samples of a payload by the decoder of this number; None where it cannot be decoded."""
        codec = DECODED[sound.codec]
        try:
            frames = [(codec.decoder(sound, frame), frame) for frame in codec.frames(sound, payload)]
        except Malformed:
            return None
        found = [self._frame(number, decoder, sound.rate, frame) for decoder, frame in frames]
        known = [each for each in found if each is not None]
        return b"".join(known) if len(known) == len(found) else None

    def _frame(self, number: int, decoder: str, rate: int, frame: bytes) -> bytes | None:
        if self._deaths >= MAX_DEATHS:
            return None
        try:
            self._begun = monotonic()
            return self._asked(number, decoder, rate, frame)
        except (OSError, EOFError):
            self._deaths += 1
            self._end()
            return None
        finally:
            self._begun = None

    def _asked(self, number: int, decoder: str, rate: int, frame: bytes) -> bytes | None:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(REQUEST.pack(number, len(decoder), rate, len(frame)) + decoder.encode() + frame)
        process.stdin.flush()
        (size,) = REPLY.unpack(_read(process.stdout, REPLY.size))
        if size == FAILED:
            return None
        if size > MAX_REPLY_OCTETS:
            raise EOFError
        return _read(process.stdout, size)

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        assert process.stdout is not None
        if _read(process.stdout, len(READY)) != READY:
            raise EOFError
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """End the process where a payload takes too long."""
        while not self._closed.wait(min(1.0, MAX_SECONDS / 4)) and process.poll() is None:
            begun = self._begun
            if begun is not None and monotonic() - begun > MAX_SECONDS:
                process.kill()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stdin):
                _shut(pipe)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._end()


def _read(pipe: IO[bytes], size: int) -> bytes:
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
