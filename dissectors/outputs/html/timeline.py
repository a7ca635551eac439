"""When each protocol was on each pair of endpoints, by what streams, messages, checks and handshakes say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from dissectors.report import Flow, Report

MIN_WIDTH = 2.0
NEAR, NEAR_OF_MANY, MANY_PAIRS = 4.0, 12.0, 8
"""Pieces that are so near to one another are one, in thousandths of the capture; in a page of many pairs, too."""

MEDIA = ("RTP", "RTCP")
OTHERS = ("SIP", "STUN", "TURN", "DTLS", "ZRTP", "UNKNOWN")

Pair = tuple[tuple[str, int], tuple[str, int], str, str]
Spans = dict[Pair, dict[str, list[tuple[float, float]]]]


class Row(NamedTuple):
    """A protocol of a pair: its datagrams, and when it was there, in pieces from 0 to 1000 (a begin, a width).

    `vague` says that it was there at some time within.
    """

    name: str
    style: str
    datagrams: int
    pieces: list[tuple[float, float]]
    vague: bool


def pair(src: str, sport: int, dst: str, dport: int, inside: str, transport: str = "udp") -> Pair:
    """What both directions between two endpoints have in common."""
    one, two = sorted(((src, sport), (dst, dport)))
    return one, two, inside, transport


def pair_of(flow: Flow) -> Pair:
    """That of a flow."""
    return pair(flow.src, flow.sport, flow.dst, flow.dport, flow.inside, flow.transport)


def spans(report: Report, wanted: Container[Pair]) -> Spans:
    """The times of each protocol on these pairs, as far as the report says them."""
    found: Spans = defaultdict(lambda: defaultdict(list))
    for where, name, begin, end in _told(report):
        if where in wanted:
            found[where][name].append((begin, end))
    return found


def _told(report: Report) -> Iterator[tuple[Pair, str, float, float]]:
    for stream in report.streams:
        for flow in (report.flows[position] for position in stream.flows):
            yield pair_of(flow), "RTP", max(stream.first, flow.first), min(stream.last, flow.last)
            if stream.rtcp is not None and stream.rtcp.first:
                yield pair_of(flow), "RTCP", stream.rtcp.first, stream.rtcp.last
            if stream.feedback is not None:
                yield pair_of(flow), "RTCP", stream.feedback.first, stream.feedback.last
    for call in report.calls:
        for sent in call.messages:
            where = pair(sent.src, sent.sport, sent.dst, sent.dport, "", sent.transport)
            yield where, sent.signalling, sent.time, sent.time
    for check in report.checks:
        where = pair(check.src, check.sport, check.dst, check.dport, check.inside)
        yield where, "STUN", check.first, check.last
    for one in report.handshakes:
        yield pair(one.src, one.sport, one.dst, one.dport, one.inside), "DTLS", one.first, one.last


def rows(report: Report, flows: Sequence[Flow], told: Spans, many: bool) -> list[Row]:
    """The protocols of the flows of one pair, the most frequent first."""
    counts: Counter[str] = Counter()
    for flow in flows:
        counts.update({seen.name: seen.count for seen in flow.protocols})
    whole = min(flow.first for flow in flows), max(flow.last for flow in flows)
    times = told.get(pair_of(flows[0]), {})
    made = []
    for name, number in counts.most_common():
        known = times.get(name, [])
        pieces = list(_pieces(report, known or [whole], NEAR_OF_MANY if many else NEAR))
        style = name.lower() if name in MEDIA or name in OTHERS else "other"
        shown = "unknown" if name == "UNKNOWN" else name
        made.append(Row(shown, f"p-{style}", number, pieces, not known and len(counts) > 1))
    return made


def _pieces(report: Report, times: Iterable[tuple[float, float]], near: float) -> Iterator[tuple[float, float]]:
    """Times as pieces of the axis, those that touch as one."""
    zero, scale = report.capture.first or 0.0, 1000 / (report.capture.duration or 1.0)
    begin = end = None
    for first, last in sorted(times):
        x, to = scale * (first - zero), scale * (last - zero)
        if begin is None or end is None:
            begin, end = x, to
        elif x <= end + near:
            end = max(end, to)
        else:
            yield _piece(begin, end)
            begin, end = x, to
    if begin is not None and end is not None:
        yield _piece(begin, end)


def _piece(begin: float, end: float) -> tuple[float, float]:
    width = max(MIN_WIDTH, end - begin)
    return round(max(0.0, min(begin, 1000 - width)), 1), round(width, 1)
