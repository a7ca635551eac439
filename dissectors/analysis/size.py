"""What signalling weighs on the path: sizes against the limits of the field, and what compressing would save."""

from __future__ import annotations

import zlib
from bisect import bisect_left

from dissectors.analysis.report import Message

IPV4_UDP, IPV6_UDP = 28, 48
LARGEST_REQUEST = 1300
"""Octets from which a request must not go over UDP when the path's MTU is unknown (RFC 3261 section 18.1.1)."""

ETHERNET, IPV6_MINIMUM = 1500, 1280

FAILURES = (
    (100, 0.88), (300, 0.77), (500, 0.88), (700, 1.07), (900, 1.13), (1000, 1.04), (1100, 2.04), (1200, 1.91),
    (1300, 1.76), (1400, 2.06), (1450, 2.53), (1470, 3.12), (1473, 4.96), (1475, 4.96), (1480, 6.04), (1481, 9.86),
    (1482, 9.81), (1483, 9.94),
)  # fmt: skip
"""Octets behind the IPv4 header, and the per cent of vantage points of a public study of 2013 that got none through."""

LABEL, SHORT_LABEL = "Content-Encoding: deflate\r\n", "e: deflate\r\n"
COMPACT = {
    "from": 3, "to": 1, "via": 2, "call-id": 6, "contact": 6, "content-type": 11, "content-length": 13,
    "content-encoding": 15, "subject": 6, "supported": 8, "refer-to": 7, "event": 4, "session-expires": 14,
}  # fmt: skip
"""What the compact form of a header name saves, in octets."""


def failing(octets: int) -> float:
    """The per cent of paths that let no datagram of so many octets of UDP payload through; the last known beyond."""
    sizes = [size for size, _ in FAILURES]
    return FAILURES[min(bisect_left(sizes, octets + 8), len(FAILURES) - 1)][1]


def fragmented(message: Message) -> bool:
    """Whether a message cannot have crossed an Ethernet in one piece."""
    overhead = IPV6_UDP if ":" in message.src else IPV4_UDP
    return message.length + overhead > ETHERNET


def compressed(message: Message) -> int | None:
    """The octets that a message would have with its body deflated and its headers compact; None for a compressed one.

    Compact names save what they save even where there is no body, or one that does not get smaller.
    """
    body = message.body
    if body is not None and body.status != "identity":
        return None
    saved = sum(COMPACT.get(name.lower(), 0) for name in message.headers)
    if body is not None:
        packed = len(zlib.compress(body.text.encode("utf-8", "surrogateescape"), 9)) + len(SHORT_LABEL)
        saved += max(0, body.inflated_length - packed)
    return message.length - saved
