"""Hints from TCP segments: they are not read, but named when a call's signalling is missing from UDP."""
from __future__ import annotations

STUN_COOKIE = b"\x21\x12\xa4\x42"
LONGEST_METHOD = 16


class Segments:
    """Counts of TCP segments by what they look like.

    `seen` maps (port, what) to segments; the port is the server's if the segment shows it. `what` is "SIP", "TLS"
    or "STUN". Further ports, once there are `most`, are counted in `more`.
    """

    __slots__ = ("count", "more", "most", "seen")

    def __init__(self, most: int = 1024) -> None:
        self.most = most
        self.count = 0
        self.more = 0
        self.seen: dict[tuple[int, str], int] = {}

    def add(self, sport: int, dport: int, payload: bytes) -> None:
        """Count a segment with its first octets."""
        self.count += 1
        what, from_server = hint(payload)
        if not what:
            return
        key = (sport if from_server else dport, what)
        if key in self.seen or len(self.seen) < self.most:
            self.seen[key] = self.seen.get(key, 0) + 1
        else:
            self.more += 1


def hint(payload: bytes) -> tuple[str, bool]:
    """The likely protocol of a segment, and whether its sender is the server: ("", False) if unknown."""
    if payload[:2] == b"\x16\x03" and len(payload) > 5:
        return "TLS", payload[5] == 2
    if payload[4:8] == STUN_COOKIE:
        return "STUN", bool(payload[0] & 1)
    # RFC 4571 puts a 16-bit length before each datagram.
    if payload[6:10] == STUN_COOKIE:
        return "STUN", bool(payload[2] & 1)
    if payload[:8] == b"SIP/2.0 ":
        return "SIP", True
    method, space, target = payload[: LONGEST_METHOD + 5].partition(b" ")
    if space and method.isalpha() and method.isupper() and target[:4].lower() in (b"sip:", b"sips", b"tel:"):
        return "SIP", False
    return "", False
