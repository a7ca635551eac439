"""What was seen and is not read, by name: connections, SCTP, and UDP at ports of other signalling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dissectors.engine.view import ScanTables
from dissectors.mux.flows import FlowState
from dissectors.mux.table import UNKNOWN
from dissectors.mux.unconfirmed import UDP_PORTS
from dissectors.report import NotRead
from dissectors.wire.addresses import written_address
from dissectors.wire.datagram import TCP, UDP, Endpoint

PAYLOAD_PROTOCOLS = {
    2: ("M2UA", True), 3: ("M3UA", True), 4: ("SUA", True), 5: ("M2PA", True), 7: ("H.248", True), 8: ("BICC", True),
    18: ("S1AP", False), 27: ("X2AP", False), 46: ("Diameter", False), 47: ("Diameter", False), 60: ("NGAP", False),
}
"""By the identifier of SCTP's payload protocol (IANA): its name, and whether it signals calls."""

PORT_OF_SIP = 5060

SCTP_PORTS = {
    2904: 2, 2905: 3, 2944: 7, 2945: 7, 3565: 5, 3868: 46, 14_001: 4, 36_412: 18, 36_422: 27, 38_412: 60,
}
"""Which of them goes to a registered port, where the identifier says nothing."""


def not_read(scan: ScanTables) -> tuple[NotRead, ...]:
    """Each of them with its server, those that signal calls first, the busiest first."""
    found = [*_connections(scan), *_sctp(scan), *_esp(scan), *_datagrams(scan.flows.with_ports(UDP_PORTS))]
    return tuple(sorted(found, key=lambda each: (not each.signalling, -each.count)))


def _connections(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, what), count in scan.connections.unread.counts.items():
        yield NotRead(what.name, TCP, written_address(address), port, what.detail, count, what.signalling)


def _sctp(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, number), (count, octets) in scan.frames.segments.sctp.items():
        unnamed = ("SIP", True) if port == PORT_OF_SIP and not number else ("SCTP", False)
        name, signalling = PAYLOAD_PROTOCOLS.get(number or SCTP_PORTS.get(port, 0), unnamed)
        yield NotRead(name, "sctp", written_address(address), port, "", count, signalling, octets)


def _esp(scan: ScanTables) -> Iterator[NotRead]:
    for (address, port, cut), (count, octets) in scan.frames.segments.esp.items():
        detail = "cut by the capture" if cut else "encrypted"
        yield NotRead("ESP", UDP if port else "esp", written_address(address), port, detail, count, False, octets)


def _datagrams(flows: Iterable[FlowState]) -> Iterator[NotRead]:
    """Of flows to such a port, and back, those that hold nothing that is known."""
    found: dict[Endpoint, list[int]] = {}
    for state in flows:
        if not state.inside and state.counts[UNKNOWN] == state.datagrams:
            source, target = state.flow.ends
            server = source if source in found or (target not in found and target[1] not in UDP_PORTS) else target
            tally = found.setdefault(server, [0, 0])
            tally[0] += state.datagrams
            tally[1] += state.octets
    for (address, port), (count, octets) in found.items():
        yield NotRead(UDP_PORTS[port], UDP, address, port, "by its port", count, True, octets)
