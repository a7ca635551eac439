"""Codecs that PyAV decodes, in a process of its own (`worker`): Opus, G.722, GSM, G.729, G.723.1.

Laws of this file:
1. PyAV is never imported here. Its wheel is under LGPL-3.0-or-later; the process that loads it runs `worker` alone,
   which imports nothing of this project, nor Scapy, and looks for no module where the command was called.
2. A payload that takes too long, or ends that process, is silence. After a few such payloads nothing more is tried.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from time import monotonic
from types import TracebackType
from typing import IO, NamedTuple

from dissectors.media import worker
from dissectors.media.worker import FAILED, READY, REPLY, REQUEST

LACKING = "needs the package av: pip install 'muxshark[media]'"
MAX_SECONDS = 10.0
"""How long one payload may take."""

MAX_DEATHS = 4
MAX_REPLY_OCTETS = 1 << 20
G723_OCTETS = (24, 20, 4, 1)
"""By the two low bits of a frame: 6.3 kbit/s, 5.3 kbit/s, comfort noise, nothing sent."""


def _whole(payload: bytes) -> Iterator[bytes]:
    if payload:
        yield payload


def _of(octets: int) -> Callable[[bytes], Iterator[bytes]]:
    def frames(payload: bytes) -> Iterator[bytes]:
        """Frames of one length; comfort noise, which is shorter, ends them (RFC 3551 section 4.5.6)."""
        return (payload[at : at + octets] for at in range(0, len(payload) - octets + 1, octets))

    return frames


def _g723(payload: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(payload):
        octets = G723_OCTETS[payload[at] & 3]
        if at + octets <= len(payload):
            yield payload[at : at + octets]
        at += octets


class Decoded(NamedTuple):
    """A codec: its name in FFmpeg, its RTP clock, its samples a second, and the frames of a payload."""

    name: str
    clock: int
    rate: int
    frames: Callable[[bytes], Iterator[bytes]]


DECODED = {
    "OPUS": Decoded("opus", 48000, 48000, _whole),
    "G722": Decoded("g722", 8000, 16000, _whole),
    "GSM": Decoded("gsm", 8000, 8000, _of(33)),
    "G729": Decoded("g729", 8000, 8000, _of(10)),
    "G723": Decoded("g723_1", 8000, 8000, _g723),
}


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

    def samples(self, number: int, codec: str, rate: int, payload: bytes) -> bytes | None:
        """The samples of a payload by the decoder of this number; None where it cannot be decoded."""
        found = [self._frame(number, DECODED[codec].name, rate, frame) for frame in DECODED[codec].frames(payload)]
        known = [each for each in found if each is not None]
        return b"".join(known) if len(known) == len(found) else None

    def _frame(self, number: int, name: str, rate: int, frame: bytes) -> bytes | None:
        if self._deaths >= MAX_DEATHS:
            return None
        try:
            self._begun = monotonic()
            return self._asked(number, name, rate, frame)
        except (OSError, EOFError):
            self._deaths += 1
            self._end()
            return None
        finally:
            self._begun = None

    def _asked(self, number: int, name: str, rate: int, frame: bytes) -> bytes | None:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(REQUEST.pack(number, len(name), rate, len(frame)) + name.encode() + frame)
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
