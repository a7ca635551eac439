"""The size of signalling on the path: sizes against the usual limits, and the savings by compression."""

from __future__ import annotations

import zlib
from bisect import bisect_left

from dissectors.protocols.sip_headers import COMPACT
from dissectors.report import Message
from dissectors.wire.datagram import UDP
from dissectors.wire.values import Struct

IPV4_UDP, IPV6_UDP = 28, 48
LARGEST_REQUEST = 1300
"""Octets from which a request must not go over UDP when the path's MTU is unknown (RFC 3261 section 18.1.1)."""

ETHERNET, IPV6_MINIMUM = 1500, 1280
SMALLEST = IPV6_MINIMUM - IPV6_UDP
"""Octets that cross no limit of any path."""

FAILURES = (
    (100, 0.88), (300, 0.77), (500, 0.88), (700, 1.07), (900, 1.13), (1000, 1.04), (1100, 2.04), (1200, 1.91),
    (1300, 1.76), (1400, 2.06), (1450, 2.53), (1470, 3.12), (1473, 4.96), (1475, 4.96), (1480, 6.04), (1481, 9.86),
    (1482, 9.81), (1483, 9.94),
)
"""Octets after the IPv4 header, and the per cent of vantage points in a public study of 2013 that lost all of them."""

SHORT_LABEL = "e: deflate\r\n"
SHORTER = {long.lower(): len(long) - len(short) for short, long in COMPACT.items()}
"""The octets that the compact form of a header name saves."""


class Saving(Struct, frozen=True):
    """The octets that a message would save: by deflating its body, and by compact header names (RFC 3261 7.3.3).

    `body` includes the new Content-Encoding line and the shorter Content-Length; it is 0 if deflating saves nothing or
    the body is compressed already.
    """

    body: int
    names: int


def failing(octets: int) -> float:
    """The per cent of paths that drop every datagram of so many octets of UDP payload; the last known value beyond."""
    sizes = [size for size, _ in FAILURES]
    return FAILURES[min(bisect_left(sizes, octets + 8), len(FAILURES) - 1)][1]


def overhead(message: Message) -> int:
    """The octets of IP and UDP headers before a message."""
    return IPV6_UDP if ":" in message.src else IPV4_UDP


def fragmented(message: Message) -> bool:
    """Whether a message over UDP cannot cross an Ethernet in one piece."""
    return message.transport == UDP and message.length + overhead(message) > ETHERNET


def saving(message: Message) -> Saving:
    """The savings by compression now, of the body and of the header names."""
    body = message.body
    names = sum(SHORTER.get(name.lower(), 0) for name in message.headers)
    if body is None or body.status != "identity" or not body.text:
        return Saving(0, names)
    packed = len(zlib.compress(body.text.encode("utf-8", "surrogateescape"), 9))
    digits = len(str(body.inflated_length)) - len(str(packed))
    # The label has a name of its own: where the others become shorter, so does that.
    shorter = 0 if message.compact else SHORTER["content-encoding"]
    gained = body.inflated_length - packed + digits - len(SHORT_LABEL) - shorter
    return Saving(gained, names + shorter) if gained > 0 else Saving(0, names)
