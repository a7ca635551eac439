"""Whether streams are really encrypted, by their payloads: a second reading of the captures."""

from __future__ import annotations

from collections.abc import Iterable

from dissectors.analysis.streams.randomness import Payloads
from dissectors.findings.rule import Facts
from dissectors.findings.rules import ranked
from dissectors.findings.security.randomness import OF_PAYLOADS
from dissectors.protocols import rtp
from dissectors.queries.payloads import of_streams
from dissectors.report import Report
from dissectors.wire.captures.records import Record
from dissectors.wire.errors import Malformed
from dissectors.wire.values import replace


def judged(report: Report, records: Iterable[tuple[int, Record]]) -> Report:
    """The report with the verdict on each stream, and with what rules find in them."""
    payloads = {
        # What is described as RTP of a codec has neither tag nor key identifier.
        position: Payloads() if stream.encrypted or stream.codec is None else Payloads(tail=0)
        for position, stream in enumerate(report.streams)
    }
    for taken in of_streams(report, [*payloads], records):
        of = payloads[taken.stream]
        if taken.cut or of.enough:
            continue
        try:
            packet = rtp.parse(taken.octets)
        except Malformed:
            continue
        of.take(packet.sequence, packet.payload)
    streams = tuple(replace(each, randomness=payloads[n].judge()) for n, each in enumerate(report.streams))
    facts = Facts(
        capture=report.capture, flows=report.flows, calls=report.calls, streams=streams, checks=(), handshakes=(),
        protection=(), problems=(),
    )
    found = [finding for rule in OF_PAYLOADS for finding in rule.findings(facts)]
    return replace(report, streams=streams, findings=ranked((*report.findings, *found)))
