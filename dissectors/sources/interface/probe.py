"""Whether the kernel says how long the datagrams are that one of its frames holds together (PACKET_VNET_HDR).

One that does not know such frames in that header would drop them: so it is asked first, on the loopback.
"""
from __future__ import annotations

import socket
import time

from dissectors.sources.interface.interfaces import named
from dissectors.sources.interface.ring import SIZES_OCTETS, Ring, block_head, frame_head, sizes_head
from dissectors.sources.interface.superframes import ETHERNET, MIN_IPV4_OCTETS, UDP_DATAGRAMS
from dissectors.wire.errors import CaptureError

SOL_UDP, UDP_SEGMENT = 17, 103
OCTETS, STEP_OCTETS, RING_OCTETS = 1000, 300, 1 << 19
WAIT_SECONDS, PAUSE_SECONDS = 0.5, 0.002
LOOPBACK, HOST = "lo", "127.0.0.1"


def says_sizes() -> bool:
    """Send datagrams as one frame on the loopback, and look whether the kernel says how long they are."""
    try:
        one = Ring(named(LOOPBACK), size=RING_OCTETS, sizes=True)
    except (OSError, CaptureError):
        return False
    near, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with near, far:
        try:
            far.bind((HOST, 0))
            near.setsockopt(SOL_UDP, UDP_SEGMENT, STEP_OCTETS)
            near.sendto(bytes(OCTETS), far.getsockname())
            return _seen(one, far.getsockname()[1])
        except OSError:
            return False
        finally:
            one.close()


def _seen(one: Ring, port: int) -> bool:
    """Whether the frame to this port comes with the size of its datagrams."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for kind, size in _sizes(one.take(), port):
            return (kind, size) == (UDP_DATAGRAMS, STEP_OCTETS)
        time.sleep(PAUSE_SECONDS)
    return False


def _sizes(block: bytes, port: int) -> list[tuple[int, int]]:
    """Kind and size of the frames in a block that go to this port."""
    found = []
    packets, at = block_head(block, 8)[1:] if block else (0, 0)
    for _ in range(packets):
        step, start = frame_head(block, at)[0], at + frame_head(block, at)[6]
        to = start + ETHERNET + MIN_IPV4_OCTETS + 2
        if block[to : to + 2] == port.to_bytes(2, "big"):
            _, kind, _, size = sizes_head(block, start - SIZES_OCTETS)
            found.append((kind, size))
        at += step
    return found
