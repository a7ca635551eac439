"""Hints from TCP segments whose octets are not read: named when a call's signalling may be in them."""
from __future__ import annotations

from typing import TypeVar

TLS_HANDSHAKE, SERVER_HELLO = b"\x16\x03", 2

Server = TypeVar("Server")
"""An address with a port, and what tells what goes there."""


class Segments:
    """Counts of TCP segments by what they look like.

    `seen` maps (port, what) to segments; the port is the server's if the segment shows it. `what` is "TLS".
    `sctp` maps the address and port to which an SCTP packet with data goes, and the identifier of its payload protocol,
    to packets and octets; `esp` maps the address and port to which ESP goes that cannot be opened, port 0 without UDP,
    and whether the capture cut it, to the same. What comes back from there is counted there.
    Further ones, once there are `most`, are counted in `more`.
    """

    __slots__ = ("count", "esp", "more", "most", "sctp", "seen")

    def __init__(self, most: int = 1024) -> None:
        self.most = most
        self.count = 0
        self.more = 0
        self.seen: dict[tuple[int, str], int] = {}
        self.sctp: dict[tuple[bytes, int, int], list[int]] = {}
        self.esp: dict[tuple[bytes, int, bool], list[int]] = {}

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

    def add_sctp(self, src: bytes, sport: int, dst: bytes, dport: int, payload_protocol: int, octets: int) -> None:
        """Count a packet of SCTP with data."""
        self._add(self.sctp, (src, sport, payload_protocol), (dst, dport, payload_protocol), octets)

    def add_esp(self, src: bytes, dst: bytes, port: int, cut: bool, octets: int) -> None:
        """Count a packet of ESP that cannot be opened; of one that was cut nobody knows whether it is encrypted."""
        self._add(self.esp, (src, port, cut), (dst, port, cut), octets)

    def _add(self, table: dict[Server, list[int]], source: Server, target: Server, octets: int) -> None:
        """Count a packet where its conversation began to go."""
        tally = table.get(source) or table.get(target)
        if tally is not None:
            tally[0] += 1
            tally[1] += octets
        elif len(table) < self.most:
            table[target] = [1, octets]
        else:
            self.more += 1


def hint(payload: bytes) -> tuple[str, bool]:
    """What a segment that is not read looks like, and whether its sender is the server: ("", False) if unknown."""
    if payload[:2] == TLS_HANDSHAKE and len(payload) > 5:
        return "TLS", payload[5] == SERVER_HELLO
    return "", False
