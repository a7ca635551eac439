"""The process that decodes with PyAV: payloads come in, samples go out. It is run by its path, apart from the package.

Laws of this file:
1. What a sender wrote meets FFmpeg here alone: a crash ends this process, and no other.
2. This process has a bound of memory. Who started it has one of time.
"""

from __future__ import annotations

import struct
import sys
from typing import IO, Any

REQUEST = struct.Struct("!IHII")
"""The number of a decoder, the octets of its name, the samples a second that are wanted, the octets of the payload."""

REPLY = struct.Struct("!I")
READY = b"R"
FAILED = 0xFFFFFFFF
RATES = {"opus": 48000, "g722": 16000}
MAX_MEMORY = 1 << 30
MAX_DECODERS = 32
"""Decoders that are kept: each takes megabytes, and those that were asked last stay."""

SAMPLE_OCTETS = 2


class Decoder:
    """One stream's decoder, and what makes its samples 16 bits wide, in one channel."""

    def __init__(self, av: Any, name: str, rate: int) -> None:
        self._av = av
        self._codec = av.CodecContext.create(name, "r")
        self._codec.sample_rate, self._codec.layout = RATES.get(name, 8000), "mono"
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)

    def samples(self, payload: bytes) -> bytes:
        """The samples of a frame; raises FFmpegError, and ValueError for what PyAV refuses."""
        found = []
        for frame in self._codec.decode(self._av.Packet(payload)):
            frame.pts = None
            for made in self._resampler.resample(frame):
                found.append(bytes(made.planes[0])[: made.samples * SAMPLE_OCTETS])
        return b"".join(found)


def bound() -> None:
    """Take no more memory than is allowed, where the system has such bounds."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def serve(av: Any, taken: IO[bytes], given: IO[bytes]) -> None:
    """Decode what comes until nothing more does."""
    decoders: dict[int, Decoder] = {}
    while len(head := taken.read(REQUEST.size)) == REQUEST.size:
        number, size, rate, length = REQUEST.unpack(head)
        name, payload = taken.read(size).decode("ascii"), taken.read(length)
        try:
            # Those that were asked last stand last.
            decoder = decoders.pop(number) if number in decoders else Decoder(av, name, rate)
            decoders[number] = decoder
            if len(decoders) > MAX_DECODERS:
                del decoders[next(iter(decoders))]
            samples = decoder.samples(payload)
        except (av.FFmpegError, ValueError, MemoryError):
            given.write(REPLY.pack(FAILED))
        else:
            given.write(REPLY.pack(len(samples)) + samples)
        given.flush()


def main() -> None:
    """Serve the process that started this one."""
    bound()
    import av

    av.logging.set_level(av.logging.PANIC)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    serve(av, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
