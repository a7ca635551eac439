"""RTCP that names a source which nobody sends; `feedback` has the rule, and asks here where there is any."""

from __future__ import annotations

from collections.abc import Iterator

from dissectors.findings.connectivity.ice import Way, way
from dissectors.findings.rule import Facts, Found, counted
from dissectors.report import Certainty, Severity, Stream, Unsent
from dissectors.wire.datagram import endpoint

MIN_REQUESTS, MIN_REPORTS, MIN_SECONDS = 3, 3, 2.0
"""So many requests, or reports, over so many seconds name a source that nobody sends."""

MANY_REQUESTS = 10
MIN_PACKETS = 50
BEGINNING_SECONDS = 15.0
"""A source may have stopped so shortly before the capture began that it is still reported on."""

SHOWN_SOURCES = 4


def misdirected(facts: Facts) -> Iterator[Found]:
    """What RTCP says of sources that nobody sends, to somebody who sends others."""
    streams, announced = facts.once(_by_way), facts.once(_announced)
    for named in facts.unsent:
        numbers = [number for number in _asked(named, streams) if _meanwhile(facts.streams[number], named)]
        sent = [facts.streams[number] for number in numbers]
        requests, lasted = named.nacks + named.pli + named.fir, named.last - named.first
        asks = requests >= MIN_REQUESTS and lasted >= MIN_SECONDS
        early = named.last - (facts.capture.first or 0.0) < BEGINNING_SECONDS
        reports = named.reports >= MIN_REPORTS and lasted >= MIN_SECONDS and not early
        if not sent or not (asks or reports):
            continue
        what = f"{endpoint(named.src, named.sport)} to {endpoint(named.dst, named.dport)}: {_said(named)} "
        what += f"SSRC 0x{named.ssrc:08X}, which nobody sends; sent is {_listed(sent)}"
        known = named.ssrc in announced
        severity: Severity = "warning" if requests >= MANY_REQUESTS and not known else "note"
        sure: Certainty = "medium" if known or not asks else "high"
        yield Found(what, (named.place,), sent[0].call, numbers[0], sure, severity, named.first)


def _by_way(facts: Facts) -> dict[Way, list[int]]:
    found: dict[Way, list[int]] = {}
    for number, stream in enumerate(facts.streams):
        if stream.packets >= MIN_PACKETS:
            found.setdefault(way(stream), []).append(number)
    return found


def _announced(facts: Facts) -> set[int]:
    """The sources that SDP announces: one of them may only not have begun, as a layer that nobody needs."""
    return {ssrc for call in facts.calls for each in call.descriptions for line in each.media for ssrc in line.ssrcs}


def _asked(named: Unsent, streams: dict[Way, list[int]]) -> list[int]:
    """The positions of what is sent where this RTCP comes from: on the same ports, or on those before them."""
    for less in (0, 1):
        found = streams.get((named.dst, named.dport - less, named.src, named.sport - less, named.inside))
        if found:
            return found
    return []


def _meanwhile(stream: Stream, named: Unsent) -> bool:
    return stream.first <= named.first and stream.last >= named.last - MIN_SECONDS


def _said(named: Unsent) -> str:
    """What was said of it, in words."""
    kinds = ((named.pli, "PLI"), (named.fir, "FIR"), (named.nacks, "NACK"))
    asked = [f"{count:,} {name}" for count, name in kinds if count]
    reports = [counted(named.reports, "receiver report")] if named.reports else []
    said = [*asked, *reports]
    return f"{', '.join(said[:-1])} and {said[-1]} are about" if len(said) > 1 else f"{said[0]} are about"


def _listed(sent: list[Stream]) -> str:
    shown = [f"0x{stream.ssrc:08X}" for stream in sent[:SHOWN_SOURCES]]
    return ", ".join(shown) + (f" and {len(sent) - SHOWN_SOURCES} more" if len(sent) > SHOWN_SOURCES else "")
