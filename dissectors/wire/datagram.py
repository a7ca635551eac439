"""The values that all floors share: a flow and a datagram."""

from __future__ import annotations

from dissectors.wire.values import NamedTuple, Struct

UDP, TCP, WS, TLS, WSS = TRANSPORTS = ("udp", "tcp", "ws", "tls", "wss")

Endpoint = tuple[str, int]
"""An address and a port."""

# A named tuple is made three times as quickly by it.
_new = tuple.__new__


class Flow(NamedTuple):
    """A directed 5-tuple; `transport` is its fifth: `udp`, `tcp`, `tls`, or WebSocket over either, `ws` and `wss`.

    `inside` names the carrier of the datagram if that is not the transport itself: `channel 0x4000` for TURN
    ChannelData, `peer 192.0.2.1:5000` for TURN Data and Send indications and a channel that is bound to that peer.
    """

    src: str
    sport: int
    dst: str
    dport: int
    inside: str = ""
    transport: str = UDP

    @property
    def reverse(self) -> Flow:
        """The same 5-tuple seen from the other end."""
        src, sport, dst, dport, inside, transport = self
        return _new(Flow, (dst, dport, src, sport, inside, transport))

    @property
    def ends(self) -> tuple[Endpoint, Endpoint]:
        """Where it comes from, and where it goes."""
        return (self.src, self.sport), (self.dst, self.dport)

    def __str__(self) -> str:
        text = f"{endpoint(self.src, self.sport)} → {endpoint(self.dst, self.dport)}"
        beside = ", ".join(each for each in (self.transport if self.transport != UDP else "", self.inside) if each)
        return f"{text} ({beside})" if beside else text


class Datagram(Struct, frozen=True):
    """One UDP payload, or one whole message of a stream, with its time and place.

    `file` and `frame` (from 1) are its place in the captures, `layer` is the number of its UDP header in that frame
    (from 0), `time` is nanoseconds since the epoch. `length` is the length by the UDP header, in octets; `payload` is
    shorter if the capture cut it. `identification` is that of the IP packet, 0 where there is none: a copy of the
    packet shares it, and what is sent again does not.
    """

    file: int
    frame: int
    layer: int
    time: int
    flow: Flow
    payload: bytes
    length: int
    identification: int = 0

    @property
    def cut(self) -> bool:
        """Whether the capture holds less than was sent."""
        return len(self.payload) < self.length


def endpoint(address: str, port: int) -> str:
    """`address:port` as people write it, with brackets around IPv6 (RFC 3986 section 3.2.2)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def host_of(endpoint: str) -> str:
    """The address in a text of `endpoint`."""
    return endpoint.rpartition(":")[0].removeprefix("[").removesuffix("]")
