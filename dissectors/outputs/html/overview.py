"""The head of the page: the capture, the findings, what is on each pair of endpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from dissectors.outputs.terminal.lines import Page, count
from dissectors.outputs.terminal.moments import at, seconds
from dissectors.outputs.terminal.summary import MARKS, by_kind, places
from dissectors.report import Finding, Flow, Report
from dissectors.wire.datagram import endpoint

MAX_ALIKE = 6
"""Findings of one kind that are shown one by one."""

MAX_KINDS = 80
MAX_FLOWS = 40
MEDIA = ("RTP", "RTCP")
OTHERS = ("SIP", "STUN", "TURN", "DTLS", "ZRTP", "UNKNOWN")


class Case(NamedTuple):
    """One finding: what, when, where; `call` is the position of its call, None without one."""

    what: str
    when: str
    where: str
    call: int | None
    number: str
    stream: int | None


class Group(NamedTuple):
    """The findings of one kind; `more` is how many of them are not in `cases`."""

    id: str
    severity: str
    mark: str
    why: str
    fix: str
    certainty: str
    cases: list[Case]
    more: int


class Share(NamedTuple):
    """A piece of a bar, from 0 to 1000."""

    name: str
    style: str
    begin: float
    width: float
    datagrams: int


class Lane(NamedTuple):
    """A pair of endpoints on the time of the capture: its bar begins at `shares[0].begin`."""

    name: str
    datagrams: int
    octets: int
    shares: list[Share]


def tally(report: Report) -> list[tuple[str, str, str]]:
    """The severities that were found: name, mark, `2 errors`."""
    numbers = Counter[str](finding.severity for finding in report.findings)
    return [(name, mark, count(numbers[name], name)) for name, mark in MARKS.items() if numbers[name]]


def findings(page: Page, report: Report) -> tuple[list[Group], int]:
    """The kinds of findings, the worst first, and how many kinds are left out."""
    groups = by_kind(report.findings, apart=True)
    return [_group(page, report, group) for group in groups[:MAX_KINDS]], max(0, len(groups) - MAX_KINDS)


def _group(page: Page, report: Report, group: list[Finding]) -> Group:
    first = group[0]
    return Group(
        first.id, first.severity, MARKS[first.severity], first.why, first.fix,
        "" if first.certainty == "certain" else first.certainty,
        [_case(page, report, one) for one in group[:MAX_ALIKE]], max(0, len(group) - MAX_ALIKE),
    )


def _case(page: Page, report: Report, finding: Finding) -> Case:
    call = report.call_of(finding)
    when = "" if finding.time is None else at(page, finding.time)
    where = places(finding.places, report.capture)
    return Case(finding.what, when, where, call, report.number_of(call), finding.stream)


def lanes(report: Report) -> tuple[list[Lane], int]:
    """Both directions of each pair of endpoints as one, the busiest first, and how many are left out."""
    pairs: dict[tuple[str, str, str, str], list[Flow]] = {}
    for flow in report.flows:
        one, two = sorted((endpoint(flow.src, flow.sport), endpoint(flow.dst, flow.dport)))
        pairs.setdefault((one, two, flow.inside, flow.transport), []).append(flow)
    made = [_lane(report, name, both) for name, both in pairs.items()]
    made.sort(key=lambda lane: -lane.datagrams)
    return made[:MAX_FLOWS], max(0, len(made) - MAX_FLOWS)


def _lane(report: Report, name: tuple[str, str, str, str], both: list[Flow]) -> Lane:
    zero, whole = report.capture.first or 0.0, report.capture.duration or 1.0
    one, two, inside, transport = name
    begin = 1000 * (min(flow.first for flow in both) - zero) / whole
    width = max(4.0, 1000 * (max(flow.last for flow in both) - zero) / whole - begin)
    counts: Counter[str] = Counter()
    for flow in both:
        counts.update({seen.name: seen.count for seen in flow.protocols})
    extra = "".join([f" ({inside})" if inside else "", f" over {transport.upper()}" if transport != "udp" else ""])
    arrow = "⇄" if len(both) > 1 else "–"
    return Lane(
        f"{one} {arrow} {two}{extra}", sum(flow.datagrams for flow in both), sum(flow.octets for flow in both),
        list(_shares(counts, min(begin, 1000 - width), width)),
    )


def _shares(counts: Counter[str], begin: float, width: float) -> Iterator[Share]:
    """The protocols of a bar, each as wide as its share, and wide enough to be seen."""
    least = min(6.0, width / max(1, len(counts)))
    total = sum(counts.values()) or 1
    widths = {name: max(least, width * number / total) for name, number in counts.items()}
    scale = width / sum(widths.values()) if widths else 1.0
    for name, number in counts.most_common():
        share = widths[name] * scale
        known = name in MEDIA or name in OTHERS
        yield Share("unknown" if name == "UNKNOWN" else name, f"p-{name.lower() if known else 'other'}",
                    round(begin, 1), round(share, 1), number)
        begin += share


def facts(report: Report) -> list[tuple[str, str]]:
    """The figures under the title."""
    capture = report.capture
    talked = [call for call in report.calls if call.kind == "call"]
    calls = report.totals.calls if report.totals is not None and report.totals.calls_left_out else len(talked)
    return [
        ("duration", seconds(capture.duration)), ("calls", f"{calls:,}"),
        ("streams", f"{len(report.distinct_streams):,}"),
        ("datagrams", f"{capture.datagrams:,}"), ("frames", f"{capture.frames:,}"),
    ]
