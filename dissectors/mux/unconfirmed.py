"""What merely looked like a protocol until the end, counted: of most of it somebody may ask why it is not read."""

from __future__ import annotations

from dissectors.mux.flows import FlowKey
from dissectors.wire.link.tunnels import TUNNELS

UDP_PORTS = {1719: "H.323 RAS", 2427: "MGCP", 2727: "MGCP", 2944: "H.248", 2945: "H.248", 4569: "IAX2"}
"""Signalling that UDP carries and that is not read, by its registered port."""

OTHER_SERVICES = frozenset((
    53, 67, 68, 69, 88, 111, 123, 137, 138, 161, 162, 389, 500, 514, 520, 546, 547, 853, 1645, 1646, 1701, 1812, 1813,
    1900, 2123, 3386, 3702, 4500, 5351, 5353, 5355, 9060, 9996, 51820, *TUNNELS, *UDP_PORTS,
))
"""UDP ports of names, time, addresses, management, tunnels and the like: what merely looks like media there is none."""

TEXT_OCTETS = 16
"""So many printable octets at the start are text: of what is encrypted one in five million looks like it."""

PRINTABLE = bytes((*b"\t\r\n", *range(0x20, 0x7F)))

MAX_FRAMES = 16


class Unconfirmed:
    """How many datagrams nothing confirmed: the port that the first went to, and the first frames, file and number."""

    __slots__ = ("port", "count", "frames")

    def __init__(self, port: int) -> None:
        self.port = port
        self.count = 0
        self.frames: list[tuple[int, int]] = []

    def add(self, file: int, frame: int) -> None:
        """Count one more."""
        self.count += 1
        if len(self.frames) < MAX_FRAMES:
            self.frames.append((file, frame))


class AllUnconfirmed(dict[int, Unconfirmed]):
    """All of them by protocol number, but what belongs to another service by its port, or is text."""

    def note(self, protocol: int, key: FlowKey, payload: bytes, file: int, frame: int) -> None:
        """Count a datagram that looks like a protocol and is given up."""
        if OTHER_SERVICES.isdisjoint((key.sport, key.dport)) and not is_text(payload):
            self.add(protocol, key.dport, file, frame)

    def add(self, protocol: int, port: int, file: int, frame: int) -> None:
        """Count one that somebody may ask about."""
        found = self.get(protocol)
        if found is None:
            found = self[protocol] = Unconfirmed(port)
        found.add(file, frame)


def is_text(payload: bytes) -> bool:
    """Whether a datagram begins with words: a log, a text protocol. What is encrypted never does, however it looks."""
    start = payload[:TEXT_OCTETS]
    return len(start) == TEXT_OCTETS and not start.translate(None, PRINTABLE)
