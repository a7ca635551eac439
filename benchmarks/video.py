"""What video costs beside sound: `python3 -m benchmarks.video`, the same number of RTP packets of each, and of both.

Sound is G.711 of 20 ms; video is VP8 in clear, six packets of 1,100 octets to a picture, 30 pictures a second, with the
absolute send time in a header extension. One packet in a hundred is lost. The captures are read in turns and the least
CPU time counts; that of an empty capture is the start.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.hostile.frames import host, udp, write
from benchmarks.shapes import least, run

STREAMS, PICTURE_PACKETS, KEY_EVERY, LOST_EVERY = 10, 6, 300, 101
SOUND, FRAME_UNITS, PICTURE_UNITS, MARKED = 0, 160, 3000, 0x80
VIDEO = 96
PAYLOAD = bytes(160)
VP8_KEY, VP8_OTHER, VP8_MORE = b"\x10\x00\x9d\x01\x2a", b"\x10\x01\x00\x00\x00", b"\x00"
ABSOLUTE_SEND_TIME = struct.Struct("!HHI")
HEADER = struct.Struct("!BBHII").pack
MICROSECONDS = {"sound": 20_000 // STREAMS, "video": 1_000_000 // (30 * PICTURE_PACKETS * STREAMS)}
"""Between two packets of all streams together, so that each of them keeps real time."""


def sound(packets: int) -> Iterator[bytes]:
    """Frames of so many packets of sound."""
    for number in range(packets):
        of, count = number % STREAMS, number // STREAMS
        if count % LOST_EVERY:
            header = HEADER(0x80, SOUND, count & 0xFFFF, count * FRAME_UNITS & 0xFFFFFFFF, of)
            yield udp((host(of), 4000), (host(of, 11), 5000), header + PAYLOAD)


def video(packets: int) -> Iterator[bytes]:
    """Frames of so many packets of video."""
    for number in range(packets):
        of, count = number % STREAMS, number // STREAMS
        picture, part = divmod(count, PICTURE_PACKETS)
        if not count % LOST_EVERY:
            continue
        last = MARKED if part == PICTURE_PACKETS - 1 else 0
        header = HEADER(0x90, VIDEO | last, count & 0xFFFF, picture * PICTURE_UNITS & 0xFFFFFFFF, 1000 + of)
        sent = int(number * MICROSECONDS["video"] * (1 << 18) / 1_000_000) & 0xFFFFFF
        begun = VP8_MORE if part else VP8_OTHER if picture % KEY_EVERY else VP8_KEY
        extension = ABSOLUTE_SEND_TIME.pack(0xBEDE, 1, 0x32000000 | sent)
        yield udp((host(of), 4000), (host(of, 12), 5000), header + extension + begun + bytes(1100 - len(begun)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.video", description=__doc__)
    parser.add_argument("--packets", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        captures = [Path(folder) / f"{name}.pcap" for name in ("empty", "sound", "video")]
        write(captures[0], (), 1)
        write(captures[1], sound(given.packets), MICROSECONDS["sound"])
        write(captures[2], video(given.packets), MICROSECONDS["video"])
        turns = [[run(capture) for capture in captures] for _ in range(given.rounds)]
        start, heard, seen = (least(each) for each in zip(*turns, strict=True))
    one, other = heard.cpu - start.cpu, seen.cpu - start.cpu
    print("| packets | CPU s | ns a packet | MiB |\n| --- | ---: | ---: | ---: |")
    for name, cpu, memory in (("sound", one, heard.memory), ("video", other, seen.memory)):
        print(f"| {name} | {cpu:.3f} | {1e9 * cpu / given.packets:.0f} | {memory:.0f} |")
    print(f"\nA run takes {seen.cpu / heard.cpu:.2f} times as long, its start included.")
    print(f"A packet of video takes {other / one:.2f} times what one of sound takes; it is five times as large.")


if __name__ == "__main__":
    main()
