"""The process that decodes with PyAV: payloads come in, samples go out. It is run by its path, apart from the package.

Laws of this file:
1. What a sender wrote meets FFmpeg here alone: a crash ends this process, and no other.
2. This process has a bound of memory. Who started it has one of time.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import IO, Any

REQUEST = struct.Struct("!IHII")
"""The number of a decoder, the octets of its description, the samples a second that are wanted, the octets of a frame.

A description is one word with names in FFmpeg, `|` between them, of which the first that is there is taken; then come
settings, `name=value`.
"""

REPLY = struct.Struct("!I")
READY = b"R"
FAILED = 0xFFFFFFFF
MAX_MEMORY = 1 << 30
MAX_DECODERS = 32
"""Decoders that are kept: each takes megabytes, and those that were asked last stay."""

SAMPLE_OCTETS = 2


class Decoder:
    """One stream's decoder, and what makes its samples 16 bits wide, in one channel."""

    def __init__(self, av: Any, description: str, rate: int) -> None:
        self._av = av
        names, *words = description.split()
        settings = dict(word.split("=", 1) for word in words)
        self._codec = created(av, names.split("|"))
        self._codec.sample_rate, self._codec.layout = int(settings.pop("rate")), "mono"
        if extradata := settings.pop("extradata", ""):
            self._codec.extradata = bytes.fromhex(extradata)
        self._codec.options = settings
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)

    def samples(self, payload: bytes) -> bytes:
        """The samples of a frame; raises FFmpegError, and ValueError for what PyAV refuses."""
        found = []
        for frame in self._codec.decode(self._av.Packet(payload)):
            frame.pts = None
            for made in self._resampler.resample(frame):
                found.append(bytes(made.planes[0])[: made.samples * SAMPLE_OCTETS])
        return b"".join(found)


def created(av: Any, names: list[str]) -> Any:
    """A decoder of the first of these names that FFmpeg was built with; raises ValueError where there is none."""
    for name in names:
        try:
            return av.CodecContext.create(name, "r")
        except ValueError:
            continue
    raise ValueError(names)


def bound() -> None:
    """Take no more memory than is allowed, where the system has such bounds."""
    try:
        import resource
    except ImportError:
        return
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    allowed = MAX_MEMORY if most == resource.RLIM_INFINITY else min(most, MAX_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def serve(av: Any, taken: IO[bytes], given: IO[bytes]) -> None:
    """Decode what comes until nothing more does."""
    decoders: dict[tuple[int, str], Decoder] = {}
    while len(head := taken.read(REQUEST.size)) == REQUEST.size:
        number, size, rate, length = REQUEST.unpack(head)
        key = number, taken.read(size).decode("ascii")
        payload = taken.read(length)
        try:
            # Those that were asked last stand last.
            decoder = decoders.pop(key) if key in decoders else Decoder(av, key[1], rate)
            decoders[key] = decoder
            if len(decoders) > MAX_DECODERS:
                del decoders[next(iter(decoders))]
            samples = decoder.samples(payload)
        except (av.FFmpegError, ValueError, MemoryError):
            given.write(REPLY.pack(FAILED))
        else:
            given.write(REPLY.pack(len(samples)) + samples)
        given.flush()


def alone() -> None:
    """Look for no module beside this one: their names may be those of others."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]


def main() -> None:
    """Serve the process that started this one."""
    bound()
    alone()
    import av

    av.logging.set_level(av.logging.PANIC)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    serve(av, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
