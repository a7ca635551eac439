"""Which ports of a capture the plugin should take: those of media, and those of signalling alone."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dissectors.mux.scan import Row
from dissectors.mux.table import TABLE, UNKNOWN
from dissectors.wire.datagram import UDP

MEDIA = ("path", "media")
"""Roles of protocols that make a port one of media, even where signalling shares it."""


class Ports(NamedTuple):
    """Ranges as Wireshark writes them: `16402,16384-16387`; empty when there are none."""

    media: str
    signalling: str


def of_udp(rows: Iterable[Row]) -> Iterator[Row]:
    """The datagrams of UDP: what TCP carries Wireshark puts together itself."""
    return (row for row in rows if row.datagram.flow.transport == UDP)


def ports_in(rows: Iterable[Row]) -> Ports:
    """The ports of a capture's datagrams by their final verdicts.

    Of the two ports of a flow both count where they carry media, for either may be the shared one.
    """
    media: set[int] = set()
    signalling: set[int] = set()
    for row in of_udp(rows):
        if row.protocol == UNKNOWN:
            continue
        role, flow = TABLE[row.protocol].role, row.datagram.flow
        if role == "signalling":
            signalling.update((flow.sport, flow.dport))
        elif role in MEDIA:
            media.update((flow.sport, flow.dport))
    return Ports(written(media), written(signalling - media))


def written(ports: Iterable[int]) -> str:
    """Ports as a range, neighbours joined."""
    runs: list[list[int]] = []
    for port in sorted(set(ports) - {0}):
        if runs and port == runs[-1][1] + 1:
            runs[-1][1] = port
        else:
            runs.append([port, port])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
