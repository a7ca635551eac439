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


def bound() -> None:
    """Take no more memory than is allowed, where the system has such bounds."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def tracks(av: Any, container: Any, described: list[dict[str, Any]], taken: IO[bytes]) -> list[tuple[Any, Fraction]]:
    """The tracks of a file and the units of their times; what each is follows from a sample of it."""
    found = []
    for each in described:
        (size,) = LENGTH.unpack(taken.read(LENGTH.size))
        with av.open(io.BytesIO(taken.read(size)), format=each["format"]) as sample:
            stream = container.add_stream_from_template(sample.streams[0], opaque=True)
        stream.time_base = unit = Fraction(1, each["clock"])
        stream.metadata["title"] = each["title"]
        if stream.type == "audio":
            stream.codec_context.layout = "stereo" if stream.codec_context.layout.nb_channels == 2 else "mono"
        found.append((stream, unit))
    return found


def write(av: Any, taken: IO[bytes]) -> None:
    """Write the file that comes."""
    (size,) = LENGTH.unpack(taken.read(LENGTH.size))
    described = json.loads(taken.read(size))
    with av.open(described["path"], "w", format=described["format"]) as container:
        found = tracks(av, container, described["tracks"], taken)
        while len(head := taken.read(PACKET.size)) == PACKET.size:
            track, shown, decoded, lasts, key, length = PACKET.unpack(head)
            packet = av.Packet(taken.read(length))
            packet.stream, packet.time_base = found[track]
            packet.pts, packet.dts, packet.duration, packet.is_keyframe = shown, decoded, lasts, key
            container.mux(packet)


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
        sys.stdout.buffer.write(str(error).splitlines()[0].encode()[:200])
    else:
        sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
