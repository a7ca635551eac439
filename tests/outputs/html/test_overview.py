"""The head of the page: findings by kind, figures, and bars of what is on each pair of endpoints."""

from __future__ import annotations

from dissectors.outputs.html import overview
from dissectors.outputs.terminal.lines import Page
from dissectors.wire.values import replace
from tests.reports import START, finding, report

PAGE = Page(zero=START)


def test_the_worst_findings_come_first_with_their_moment_and_frames() -> None:
    made = report(findings=(finding("note", id="a"), finding("error", id="b", time=START + 2.5)))
    groups, more = overview.findings(PAGE, made)
    assert [group.id for group in groups] == ["b", "a"] and more == 0
    case = groups[0].cases[0]
    assert (case.when, case.where, case.call, case.number) == ("at 2.500 s"[3:], "frames 17, 99", 0, "1")


def test_many_alike_are_counted() -> None:
    groups, _ = overview.findings(PAGE, report(findings=tuple(finding() for _ in range(20))))
    assert len(groups[0].cases) == overview.MAX_ALIKE and groups[0].more == 20 - overview.MAX_ALIKE


def test_the_tally_counts_each_severity() -> None:
    made = report(findings=(finding("error"), finding("error"), finding("note")))
    assert [(name, text) for name, _, text in overview.tally(made)] == [("error", "2 errors"), ("note", "1 note")]


def test_both_directions_are_one() -> None:
    flow = report().flows[0]
    back = replace(flow, src=flow.dst, dst=flow.src)
    (lane,), more = overview.lanes(report(flows=(flow, back)))
    assert more == 0 and lane.name == "192.0.2.1:16402 ⇄ 192.0.2.2:16402" and lane.datagrams == 2006
    assert [(row.name, row.datagrams) for row in lane.rows] == [("RTP", 2000), ("SIP", 6)]


def test_the_busiest_pairs_are_shown_where_not_all_have_room() -> None:
    flow = report().flows[0]
    many = tuple(replace(flow, sport=i, datagrams=i) for i in range(1, overview.MAX_FLOWS + 4))
    lanes, more = overview.lanes(report(flows=many, streams=(), calls=()))
    assert more == 3 and [lane.datagrams for lane in lanes[:2]] == [overview.MAX_FLOWS + 3, overview.MAX_FLOWS + 2]
