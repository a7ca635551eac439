"""What a filter asks of one datagram: of its own octets, and of the call that it belongs to.

`protocol`, `transport`, `addr`, `port`, `method`, `cseq.method`, `status`, `callid`, `user` and `ssrc` are read from
the datagram. `finding` and `severity` are those of the findings that name its frame. The rest (`call`, `outcome`,
`codec`, `loss`, `mos`, `duration`) is what the report says of its call or stream.
"""

from __future__ import annotations

from dissectors.mux.explain import read
from dissectors.mux.scan import Row
from dissectors.mux.table import PROTOCOLS
from dissectors.protocols.sip import Message, address
from dissectors.queries.expressions import Expression, Values, fields_of
from dissectors.queries.filters import without_scheme
from dissectors.queries.selection import found_by, of_call, of_ends
from dissectors.report import Report, Stream

OF_REPORT = frozenset(("call", "outcome", "codec", "loss", "mos", "duration", "finding", "severity"))
"""Fields that only the report on the whole capture knows."""

OF_STREAM = frozenset(("codec", "loss", "mos"))
"""Those that it knows of a stream."""

SIP, RTP, UNKNOWN = "SIP", "RTP", "UNKNOWN"
Ends = tuple[str, int, str, int]


def needs_report(keep: Expression) -> bool:
    """Whether the filter asks for what no datagram says of itself."""
    return not OF_REPORT.isdisjoint(fields_of(keep))


class Datagrams:
    """Tells which datagrams a filter keeps; `report` is that of the same captures, where the filter needs it."""

    def __init__(self, keep: Expression, report: Report | None = None) -> None:
        self._keep = keep
        self._of_calls: dict[str, Values] = {}
        self._streams: dict[tuple[Ends, int], Stream] = {}
        self._paths: dict[Ends, Stream] = {}
        self._found: dict[tuple[int, int], dict[str, set[str]]] = {}
        self._report = report
        if report is not None:
            self._know(report)

    def __call__(self, row: Row) -> bool:
        return self._keep(self.values(row))

    def values(self, row: Row) -> Values:
        """The values of a datagram, in lower case."""
        flow, payload = row.datagram.flow, row.datagram.payload
        name = PROTOCOLS[row.protocol]
        values: dict[str, set[str]] = {
            "protocol": {name.lower()}, "transport": {flow.transport}, "addr": {flow.src, flow.dst},
            "port": {str(flow.sport), str(flow.dport)},
        }
        ends = flow.src, flow.sport, flow.dst, flow.dport
        if name == SIP:
            message = read(name, payload)
            if isinstance(message, Message):
                values |= _of_message(message)
        elif name == RTP and len(payload) >= 12:
            ssrc = int.from_bytes(payload[8:12], "big")
            values["ssrc"] = {str(ssrc), f"0x{ssrc:08x}"}
            self._about(values, self._streams.get((ends, ssrc)))
        elif name != UNKNOWN:
            self._about(values, self._paths.get(ends))
        for call_id in values.get("callid", ()):
            values |= {field: said for field, said in self._of_calls.get(call_id, {}).items() if field in OF_REPORT}
        values |= self._found.get((row.datagram.file, row.datagram.frame), {"finding": set(), "severity": set()})
        return values

    def _know(self, report: Report) -> None:
        of_calls, _ = found_by(report)
        for number, call in enumerate(report.calls):
            self._of_calls[call.call_id.lower()] = of_call(report, number, call, of_calls)
        for stream in report.streams:
            for position in stream.flows:
                flow = report.flows[position]
                there = flow.src, flow.sport, flow.dst, flow.dport
                self._streams[there, stream.ssrc] = stream
                if stream.call is not None:
                    self._paths[there] = self._paths[there[2:] + there[:2]] = stream
        for finding in report.findings:
            for place in finding.places:
                known = self._found.setdefault((place.file, place.frame), {"finding": set(), "severity": set()})
                known["finding"].add(finding.id)
                known["severity"].add(finding.severity)

    def _about(self, values: dict[str, set[str]], stream: Stream | None) -> None:
        """Add what the report says of the stream, and of its call."""
        if stream is None or self._report is None:
            return
        if stream.call is not None:
            call = self._report.calls[stream.call]
            said = self._of_calls.get(call.call_id.lower(), {})
            values |= {field: said[field] for field in ("call", "outcome", "duration") if field in said}
        values |= {field: said for field, said in of_ends(stream, set(), []).items() if field in OF_STREAM}


def _of_message(message: Message) -> dict[str, set[str]]:
    identity = message.identity()
    parties = {without_scheme(address(message.get(name) or "").uri.lower()) for name in ("From", "To")} - {""}
    status = {str(message.status)} if message.status else set()
    return {
        "method": {message.method.lower()} if message.method else set(),
        "cseq.method": {identity.method.lower()} if identity.method else set(),
        "status": status, "any.status": status,
        "callid": {identity.call_id.lower()} if identity.call_id else set(),
        "user": parties | {name.partition("@")[0] for name in parties},
    }
