"""What a connection is that is not read, by its first octets: a name for it, so that nobody takes it for nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table
from dissectors.mux.flows import FlowKey
from dissectors.wire.values import Struct

if TYPE_CHECKING:
    from dissectors.wire.tls_hello import ClientHello

SIP_TLS_PORT = 5061
SIGNALLING_PROTOCOLS = ("sip", "sip/2")
"""Names of application protocols in TLS that are signalling."""

SIGNALLING_HOSTS = ("sip", "sips", "pbx", "voip")
"""First labels of the names of servers that take signalling."""

TPKT_Q931 = b"\x03\x00", 8
"""TPKT's version, and the protocol discriminator of Q.931 behind its header (ITU-T H.225.0)."""

SKINNY_PORT, DIAMETER_PORT = 2000, 3868

MAX_UNREAD = 256
"""Servers of which is told what is not read."""

MIN_CLIENT_PORT = 10_000
"""From what port on it is more likely a client's."""


class Unread(Struct, frozen=True):
    """What is not read: its name, what its first octets say of it, and whether it signals calls."""

    name: str
    detail: str
    signalling: bool


Server = tuple[bytes, int, Unread]
"""A server that is not read: its address, its port, and what it is."""


class UnreadServers:
    """Connections that are not read, in `counts` by their server and by what they carry, where that has a name."""

    def __init__(self, bounds: Bounds) -> None:
        self.counts: Table[Server, int] = Table("servers that are not read", MAX_UNREAD, bounds)

    def name(self, key: FlowKey, octets: bytes) -> Server | None:
        """Count a connection by what its first octets say that it is."""
        return self.count(key, partial(unread, octets))

    def count(self, key: FlowKey, name: Callable[[int], Unread | None]) -> Server | None:
        """Count a connection by its server and what that is, by its port; nothing where it has no name."""
        # Who sends first is the client, but where the connection began before the capture.
        address, port = (key.src, key.sport) if key.sport < min(key.dport, MIN_CLIENT_PORT) else (key.dst, key.dport)
        what = name(port)
        if what is None:
            return None
        server = address, port, what
        self.counts[server] = self.counts.get(server, 0) + 1
        return server

    def take_back(self, server: Server | None) -> None:
        """Count one connection less of a server, if it is known."""
        if server is not None and server in self.counts:
            self.counts[server] -= 1
            if not self.counts[server]:
                del self.counts[server]


def unread(octets: bytes, dport: int) -> Unread | None:
    """What a connection to a server's port is that begins with these octets, None where that is not known."""
    # Captures without TCP need nothing of it.
    from dissectors.wire.tls_hello import opening

    hello = opening(octets)
    if hello is not None:
        return secured(hello, dport)
    version, discriminator = TPKT_Q931
    if octets[:2] == version and octets[4:5] == bytes((discriminator,)):
        return Unread("H.323", "", True)
    if dport == SKINNY_PORT and len(octets) >= 12 and octets[2:4] == b"\0\0" and octets[5:8] == bytes(3):
        return Unread("Skinny", "", True)
    if dport == DIAMETER_PORT and octets[:1] == b"\1" and int.from_bytes(octets[1:4], "big") % 4 == 0:
        return Unread("Diameter", "", False)
    line = octets.partition(b"\n")[0].rstrip(b"\r")
    if line.endswith(b" RTSP/1.0") or line.startswith(b"RTSP/1.0 "):
        return Unread("RTSP", "", True)
    if b"<stream:stream" in octets[:512]:
        return Unread("XMPP", "", True)
    return None


def secured(hello: ClientHello, dport: int) -> Unread:
    """What TLS to a server's port is, by its ClientHello."""
    protocols = ", ".join(hello.protocols)
    detail = " for ".join(each for each in (protocols, hello.server_name) if each)
    signals = (
        dport == SIP_TLS_PORT
        or any(each in SIGNALLING_PROTOCOLS for each in hello.protocols)
        or hello.server_name.partition(".")[0].lower() in SIGNALLING_HOSTS
    )
    return Unread(hello.version, detail, signals)
