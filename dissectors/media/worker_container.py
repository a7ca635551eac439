"""The process that writes containers with PyAV: frames come in, a file goes out. It is run by its path, as `worker` is.

Laws of this file: those of `worker`.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
from fractions import Fraction
from typing import IO, Any

LENGTH = struct.Struct("!I")
PACKET = struct.Struct("!HqqI?I")
"""A frame: its track, when it is shown and decoded, how long it lasts, whether it is a key frame, its octets."""

READY = b"R"
MAX_MEMORY = 1 << 30
ENCODED_RATE, ENCODED_FRAME, BITS_A_CHANNEL = 48000, 960, 16000
"""Samples a second, samples of a frame, and bits a second of a channel, of what is encoded."""



def bound() -> None:
    """Take no more memory than is allowed, where the system has such bounds."""
    try:
        import resource
    except ImportError:
        return
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    allowed = MAX_MEMORY if most == resource.RLIM_INFINITY else min(most, MAX_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


class Copied:
    """A track whose frames are written as they come; what it is follows from a sample of it."""

    def __init__(self, container: Any, sample: Any, described: dict[str, Any], av: Any) -> None:
        self._av, self._container = av, container
        self._stream = stream = container.add_stream_from_template(sample.streams[0], opaque=True)
        stream.time_base = self._unit = Fraction(1, described["clock"])
        stream.metadata["title"] = described["title"]
        if stream.type == "audio":
            stream.codec_context.layout = "stereo" if stream.codec_context.layout.nb_channels == 2 else "mono"

    def write(self, octets: bytes, shown: int, decoded: int, lasts: int, key: bool) -> None:
        """Write a frame."""
        packet = self._av.Packet(octets)
        packet.stream, packet.time_base = self._stream, self._unit
        packet.pts, packet.dts, packet.duration, packet.is_keyframe = shown, decoded, lasts, key
        self._container.mux(packet)

    def finish(self) -> None:
        """Nothing is held back."""


class Encoded:
    """A track of samples, 16 bits wide, that are encoded."""

    def __init__(self, container: Any, sample: Any, described: dict[str, Any], av: Any) -> None:
        self._av, self._container, self._rate = av, container, described["clock"]
        count = sample.streams[0].codec_context.layout.nb_channels
        self._layout = "stereo" if count == 2 else "mono"
        self._stream = container.add_stream(described["encoder"], rate=ENCODED_RATE, layout=self._layout)
        self._stream.codec_context.bit_rate = BITS_A_CHANNEL * count
        self._stream.codec_context.options = {"vbr": "constrained"}
        self._resampler = av.AudioResampler(
            format=self._stream.format.name, layout=self._layout, rate=ENCODED_RATE, frame_size=ENCODED_FRAME
        )

    def write(self, octets: bytes, shown: int, decoded: int, lasts: int, key: bool) -> None:
        """Encode some samples."""
        frame = self._av.AudioFrame(format="s16", layout=self._layout, samples=lasts)
        frame.planes[0].update(octets.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = self._rate, shown, Fraction(1, self._rate)
        self._encode(frame)

    def finish(self) -> None:
        """Encode what is held back."""
        self._encode(None)
        self._container.mux(self._stream.encode(None))

    def _encode(self, frame: Any) -> None:
        for made in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(made))


def tracks(av: Any, container: Any, described: list[dict[str, Any]], taken: IO[bytes]) -> list[Copied | Encoded]:
    """The tracks of a file."""
    found: list[Copied | Encoded] = []
    for each in described:
        (size,) = LENGTH.unpack(taken.read(LENGTH.size))
        with av.open(io.BytesIO(taken.read(size)), format=each["format"]) as sample:
            found.append((Encoded if each["encoder"] else Copied)(container, sample, each, av))
    return found


def write(av: Any, taken: IO[bytes]) -> None:
    """Write the file that comes."""
    (size,) = LENGTH.unpack(taken.read(LENGTH.size))
    described = json.loads(taken.read(size))
    with av.open(described["path"], "w", format=described["format"]) as container:
        found = tracks(av, container, described["tracks"], taken)
        while len(head := taken.read(PACKET.size)) == PACKET.size:
            track, shown, decoded, lasts, key, length = PACKET.unpack(head)
            found[track].write(taken.read(length), shown, decoded, lasts, key)
        for each in found:
            each.finish()


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
    try:
        write(av, sys.stdin.buffer)
    except (av.FFmpegError, ValueError, MemoryError, IndexError) as error:
        # What an error of the system says has the name of our own file beside its text.
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        sys.stdout.buffer.write(text.splitlines()[0].encode()[:200])
    else:
        sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
