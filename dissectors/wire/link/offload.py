"""Datagrams of RTP that segmentation offload holds together: one UDP header, several packets of one size behind it.

On the sending host a frame is captured before its card splits it (UDP GSO), on the receiving one after it was joined
(UDP GRO). Nothing in the frame says so, but the headers of RTP do: the same source, the next number, at equal steps.
"""
from __future__ import annotations

from collections.abc import Sequence

from dissectors.wire.link.headers import Udp

LARGEST_USUAL = 1480
"""Octets of a payload that an Ethernet frame has room for, and some; what is larger is looked at."""

RTP_HEADER = 12


def apart(datagram: Udp) -> Sequence[Udp]:
    """The packets that a large datagram holds, each as if it had come alone; itself where it holds no several."""
    size = step(datagram.payload)
    if not size:
        return (datagram,)
    payload, length = datagram.payload, datagram.length
    starts = range(0, len(payload) - RTP_HEADER + 1, size)
    return [
        datagram._replace(payload=payload[at : at + size], length=min(size, length - at)) for at in starts
    ]


def step(payload: bytes) -> int:
    """How far apart the headers of RTP in a payload stand; 0 where there is one at most."""
    if len(payload) < 2 * RTP_HEADER or payload[0] >> 6 != 2:
        return 0
    source, number = payload[8:12], int.from_bytes(payload[2:4], "big")
    at = payload.find(source, RTP_HEADER + 8) - 8
    if at < RTP_HEADER or at + RTP_HEADER > len(payload):
        return 0
    goes_on = all(
        payload[begin] >> 6 == 2 and payload[begin + 8 : begin + 12] == source
        and int.from_bytes(payload[begin + 2 : begin + 4], "big") == number + count & 0xFFFF
        for count, begin in enumerate(range(at, len(payload) - RTP_HEADER + 1, at), 1)
    )
    return at if goes_on else 0
