"""The head of the page: the capture, the findings, what is on each pair of endpoints."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from dissectors.outputs.html import timeline
from dissectors.outputs.terminal.lines import Page, count
from dissectors.outputs.terminal.moments import at, seconds
from dissectors.outputs.terminal.summary import MARKS, by_kind, places
from dissectors.report import Finding, Flow, Report
from dissectors.wire.datagram import endpoint

MAX_ALIKE = 6
"""Findings of one kind that are shown one by one."""

MAX_KINDS = 80
MAX_FLOWS = 40


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


class Lane(NamedTuple):
    """A pair of endpoints on the time of the capture, and its protocols."""

    name: str
    datagrams: int
    octets: int
    rows: list[timeline.Row]


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
    pairs: dict[timeline.Pair, list[Flow]] = {}
    for flow in report.flows:
        pairs.setdefault(timeline.pair_of(flow), []).append(flow)
    shown = dict(sorted(pairs.items(), key=lambda each: -sum(flow.datagrams for flow in each[1]))[:MAX_FLOWS])
    times = timeline.spans(report, shown)
    many = len(shown) > timeline.MANY_PAIRS
    made = [_lane(flows, timeline.rows(report, flows, times, many)) for flows in shown.values()]
    return made, len(pairs) - len(made)


def _lane(flows: list[Flow], rows: list[timeline.Row]) -> Lane:
    first = flows[0]
    one, two = sorted((endpoint(first.src, first.sport), endpoint(first.dst, first.dport)))
    extra = f" ({first.inside})" if first.inside else ""
    extra += f" over {first.transport.upper()}" if first.transport != "udp" else ""
    arrow = "⇄" if len(flows) > 1 else "–"
    return Lane(
        f"{one} {arrow} {two}{extra}", sum(flow.datagrams for flow in flows), sum(flow.octets for flow in flows), rows
    )


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
