"""From datagrams to a capture file with whole Ethernet frames, and the truth beside it."""
from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import dpkt

SECOND = 1_000_000
"""Times are microseconds since the epoch."""


class Endpoint(NamedTuple):
    """An IPv4 address and a UDP port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Sent:
    """One datagram where and when it was captured, and what it truly is."""

    time: int
    source: Endpoint
    destination: Endpoint
    payload: bytes
    truth: str


def write(path: Path, datagrams: Iterable[Sent]) -> None:
    """Write `path` in the order of time, and `path.truth`: frame number, tab, class, one line a frame."""
    ordered = sorted(datagrams, key=lambda sent: sent.time)
    identifications: Counter[str] = Counter()
    with path.open("wb") as file:
        capture = dpkt.pcap.Writer(file, snaplen=65535)
        for sent in ordered:
            identifications[sent.source.address] += 1
            capture.writepkt(frame(sent, identifications[sent.source.address]), sent.time / SECOND)
    lines = (f"{number}\t{sent.truth}\n" for number, sent in enumerate(ordered, 1))
    path.with_suffix(path.suffix + ".truth").write_text("".join(lines), encoding="ascii", newline="\n")


def frame(sent: Sent, identification: int) -> bytes:
    """The Ethernet frame of a datagram; dpkt fills in the lengths and both checksums."""
    udp = dpkt.udp.UDP(sport=sent.source.port, dport=sent.destination.port, data=sent.payload)
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(
        src=socket.inet_aton(sent.source.address),
        dst=socket.inet_aton(sent.destination.address),
        p=dpkt.ip.IP_PROTO_UDP,
        ttl=64,
        id=identification & 0xFFFF,
        data=udp,
    )
    ip.len = len(ip)
    return bytes(dpkt.ethernet.Ethernet(src=station(sent.source), dst=station(sent.destination), data=ip))


def station(endpoint: Endpoint) -> bytes:
    """A locally administered Ethernet address that follows from the IPv4 address."""
    return b"\x02\x00" + socket.inet_aton(endpoint.address)
