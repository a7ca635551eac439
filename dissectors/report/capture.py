"""The capture: files, flows and counts."""

from __future__ import annotations

from dissectors.report.secured import KeySource
from dissectors.wire.values import Struct


class CaptureFile(Struct, frozen=True):
    """One file. `comments` are those in the file; `dropped` counts the frames that it reports as lost."""

    name: str
    format: str
    link_types: tuple[str, ...]
    frames: int
    cut: bool
    comments: tuple[str, ...]
    dropped: int | None


class Seen(Struct, frozen=True):
    """A count with its name: of a protocol, an encapsulation, a TCP port that looks like SIP."""

    name: str
    count: int
    octets: int | None = None


class NotRead(Struct, frozen=True):
    """Traffic that has a name and is not read: to where, with what its beginning says, and how many of it.

    `count` is of connections, of packets for SCTP, of datagrams for UDP, with what came back. `signalling` says that it
    signals calls. `octets` are those of packets and datagrams, None for connections.
    """

    name: str
    transport: str
    address: str
    port: int
    detail: str
    count: int
    signalling: bool
    octets: int | None = None


class Capture(Struct, frozen=True):
    """The whole timeline.

    `datagrams` counts UDP headers, `messages` those of TCP and in HEP, `inside` the datagrams inside TURN. `keys` says
    where keys came from that were there to open TLS.
    """

    files: tuple[CaptureFile, ...]
    frames: int
    datagrams: int
    inside: int
    first: float | None
    last: float | None
    duration: float
    protocols: tuple[Seen, ...]
    encapsulations: tuple[Seen, ...]
    not_analysed: tuple[Seen, ...]
    tcp_segments: int
    scan: str
    messages: int = 0
    not_read: tuple[NotRead, ...] = ()
    keys: tuple[KeySource, ...] = ()
    agents: tuple[Seen, ...] = ()


class Bitrate(Struct, frozen=True):
    """The mean bitrate from the moment before this one until `time`, of UDP payloads, in bits per second."""

    time: float
    bits: float


class Flow(Struct, frozen=True):
    """A directed 5-tuple, `transport` included. `protocols` counts its datagrams by protocol, most frequent first.

    `bitrates` are those of its media over time, where several streams share it; a stream has a timeline of its own.
    `call_id` is that of the call which announced its session of MSRP, None for everything else.
    """

    src: str
    sport: int
    dst: str
    dport: int
    inside: str
    first: float
    last: float
    datagrams: int
    octets: int
    protocols: tuple[Seen, ...]
    encrypted: int
    transport: str = "udp"
    bitrates: tuple[Bitrate, ...] = ()
    call_id: str | None = None
