"""What was seen and is not read, by name: connections, SCTP, and UDP at ports of other signalling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from dissectors.engine.view import ScanTables
from dissectors.mux.flows import FlowState
from dissectors.mux.table import UNKNOWN
from dissectors.report import NotRead
from dissectors.wire.datagram import TCP, UDP

PAYLOAD_PROTOCOLS = {
    2: ("M2UA", True), 3: ("M3UA", True), 4: ("SUA", True), 5: ("M2PA", True), 7: ("H.248", True), 8: ("BICC", True),
    18: ("S1AP", False), 27: ("X2AP", False), 46: ("Diameter", False), 47: ("Diameter", False), 60: ("NGAP", False),
}
"""By the identifier of SCTP's payload protocol (IANA): its name, and whether it signals calls."""

UDP_PORTS = {1719: "H.323 RAS", 2427: "MGCP", 2727: "MGCP", 2944: "H.248", 2945: "H.248", 4569: "IAX2"}
"""Signalling that UDP carries, by its registered port."""


def not_read(scan: ScanTables) -> tuple[NotRead, ...]:
    """Each of them with its server, those that signal calls first, the busiest first."""
    found = [*_connections(scan), *_sctp(scan), *_esp(scan), *_datagrams(scan.flows)]
    return tuple(sorted(found, key=lambda each: (not each.signalling, -each.count)))


def _connections(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, what), count in scan.connections.unread.counts.items():
        yield NotRead(what.name, TCP, str(ip_address(address)), port, what.detail, count, what.signalling)


def _sctp(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, number), count in scan.frames.segments.sctp.items():
        name, signalling = PAYLOAD_PROTOCOLS.get(number, ("SCTP", False))
        yield NotRead(name, "sctp", str(ip_address(address)), port, "", count, signalling)


def _esp(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, cut), count in scan.frames.segments.esp.items():
        detail = "cut by the capture" if cut else "encrypted"
        yield NotRead("ESP", UDP if port else "esp", str(ip_address(address)), port, detail, count, False)


def _datagrams(flows: Iterable[FlowState]) -> Iterator[NotRead]:
    """Flows to such a port that hold nothing that is known."""
    counts: dict[tuple[str, int], int] = {}
    for state in flows:
        key = state.key
        if key.dport in UDP_PORTS and not key.inside and state.counts[UNKNOWN] == state.datagrams:
            end = state.flow.dst, key.dport
            counts[end] = counts.get(end, 0) + state.datagrams
    for (address, port), count in counts.items():
        yield NotRead(UDP_PORTS[port], UDP, address, port, "by its port", count, True)
