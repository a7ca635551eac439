"""Payloads become samples by PyAV, in a process of its own (`worker`).

Laws of this file:
1. PyAV is never imported here. Its wheel is under LGPL-3.0-or-later; the process that loads it runs `worker` alone,
   which imports nothing of this project, nor Scapy, and looks for no module where the command was called.
2. A payload that takes too long, or ends that process, is silence. After a few such payloads nothing more is tried.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import IO

from dissectors.media import worker
from dissectors.media.apart import Apart, python, read
from dissectors.media.codecs import DECODED
from dissectors.media.pcm import Sound
from dissectors.media.worker import FAILED, REPLY, REQUEST
from dissectors.wire.errors import Malformed

LACKING = "needs the package av: pip install 'muxshark[media]'"
MAX_DEATHS = 4
MAX_REPLY_OCTETS = 1 << 20


@cache
def available() -> bool:
    """Whether PyAV is installed; it is not loaded."""
    return find_spec("av") is not None


class Worker(Apart):
    """The process that decodes."""

    def __init__(self, command: tuple[str, ...] = python(worker.__file__)) -> None:
        super().__init__(command)
        self.deaths = 0

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
        if self.deaths >= MAX_DEATHS:
            return None
        try:
            with self.timed() as (given, taken):
                given.write(REQUEST.pack(number, len(decoder), rate, len(frame)) + decoder.encode() + frame)
                given.flush()
                return _reply(taken)
        except (OSError, EOFError):
            self.deaths += 1
            self.end()
            return None


def _reply(taken: IO[bytes]) -> bytes | None:
    (size,) = REPLY.unpack(read(taken, REPLY.size))
    if size == FAILED:
        return None
    if size > MAX_REPLY_OCTETS:
        raise EOFError
    return read(taken, size)
