"""A link that delays, loses, reorders and limits what goes between interfaces: `link.py ONE TWO KEY=VALUE…`.

As `tc netem` does, on kernels without it too: frames of one interface leave by the other one. `delay` is in
milliseconds and holds for both ways; `loss` and `reorder` are shares and `rate` kilobits per second, of what comes in
by the first interface alone. What is reordered leaves at once; beyond `queue` milliseconds of waiting a frame is
dropped.
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import sys
import time

ALL, OUTGOING, IPV4, UDP = 3, 4, b"\x08\0", 17


def opened(interface: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    found.bind((interface, ALL))
    found.setblocking(False)
    return found


def without_checksum(frame: bytes) -> bytes:
    """A frame whose UDP checksum says that there is none: the sender's card was to fill it in, and there is no card."""
    if frame[12:14] != IPV4 or frame[23] != UDP:
        return frame
    at = 14 + 4 * (frame[14] & 0x0F) + 6
    return frame[:at] + bytes(2) + frame[at + 2 :]


def main(
    one: str, two: str, delay: float = 0.0, loss: float = 0.0, reorder: float = 0.0, rate: float = 0.0,
    queue: float = 200.0,
) -> None:
    """Pass frames on until stopped."""
    chance, ends = random.Random(7), [opened(one), opened(two)]
    waiting: list[tuple[float, int, socket.socket, bytes]] = []
    count, free = 0, 0.0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        for place, end in enumerate(ends):
            if end not in select.select(ends, [], [], pause if place == 0 else 0)[0]:
                continue
            frame, address = end.recvfrom(65_536)
            if address[2] == OUTGOING:
                continue
            now = time.monotonic()
            leaves = now + delay / 1000
            if place == 0:
                if chance.random() < loss:
                    continue
                if rate:
                    free = max(free, now)
                    if free - now > queue / 1000:
                        continue
                    free += 8 * len(frame) / (1000 * rate)
                    leaves += free - now
                if chance.random() < reorder:
                    leaves = now
            count += 1
            heapq.heappush(waiting, (leaves, count, ends[1 - place], without_checksum(frame)))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, end, frame = heapq.heappop(waiting)
            try:
                end.send(frame)
            except OSError:
                continue


if __name__ == "__main__":
    settings = dict(each.split("=", 1) for each in sys.argv[3:])
    main(sys.argv[1], sys.argv[2], **{name: float(value) for name, value in settings.items()})
