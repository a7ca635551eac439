"""When each protocol was there: pieces of one axis, and what is not known is vague."""

from __future__ import annotations

from dissectors.outputs.html import timeline
from dissectors.report import Report
from dissectors.report.capture import Seen
from dissectors.report.repair import FeedbackView
from dissectors.report.stream import RtcpView
from dissectors.wire.values import replace
from tests.reports import START, call, message, report, stream


def rows(made: Report, many: bool = False) -> dict[str, timeline.Row]:
    told = timeline.spans(made, {timeline.pair_of(flow) for flow in made.flows})
    return {row.name: row for row in timeline.rows(made, made.flows, told, many)}


def test_media_messages_and_checks_stand_where_they_were() -> None:
    seen = (Seen("RTP", 1000), Seen("SIP", 3), Seen("STUN", 8))
    made = rows(report(flows=(replace(report().flows[0], protocols=seen),)))
    assert made["RTP"].pieces == [(153.8, 769.2)] and made["STUN"].pieces == [(0.0, 76.9)]
    assert made["SIP"].pieces == [(76.9, 2.0), (153.8, 2.0), (230.8, 2.0)]
    assert not any(row.vague for row in made.values())


def test_control_is_where_reports_and_requests_were() -> None:
    view = RtcpView(3, 0.0, 0, 0, None, None, START + 4, first=START + 3)
    asked = FeedbackView(0, 0, 1, 0, 0, 0, 0, 0, START + 6, START + 6, None, None, None, ())
    flow = replace(report().flows[0], protocols=(Seen("RTP", 1000), Seen("RTCP", 8)))
    made = report(flows=(flow,), streams=(stream(rtcp=view, feedback=asked),))
    assert rows(made)["RTCP"].pieces == [(230.8, 76.9), (461.5, 2.0)]


def test_what_came_close_together_is_one_piece_and_closer_where_there_is_much() -> None:
    messages = tuple(replace(message(1, "INFO"), time=START + 1 + i * 0.1) for i in range(5))
    made = report(calls=(call(messages=messages, streams=()),), streams=())
    assert len(rows(made)["SIP"].pieces) == 5 and len(rows(made, many=True)["SIP"].pieces) == 1


def test_a_protocol_whose_times_are_not_known_is_vague_beside_others() -> None:
    seen = (Seen("WHATEVER", 3), Seen("UNKNOWN", 1))
    flow = replace(report().flows[0], first=START + 6.5, last=START + 13, protocols=seen)
    both = rows(report(flows=(flow,)))
    assert [(row.style, row.pieces, row.vague) for row in both.values()] == [
        ("p-other", [(500.0, 500.0)], True), ("p-unknown", [(500.0, 500.0)], True),
    ]
    alone = rows(report(flows=(replace(flow, protocols=(Seen("WHATEVER", 3),)),)))
    assert not alone["WHATEVER"].vague


def test_a_stream_that_moved_is_on_each_flow_in_its_time() -> None:
    first = replace(report().flows[0], last=START + 5)
    second = replace(first, sport=9, first=START + 6, last=START + 13)
    made = report(flows=(first, second), streams=(stream(flows=(0, 1)),), calls=(call(streams=(0,)),))
    told = timeline.spans(made, {timeline.pair_of(flow) for flow in made.flows})
    assert told[timeline.pair_of(first)]["RTP"] == [(START + 2, START + 5)]
    assert told[timeline.pair_of(second)]["RTP"] == [(START + 6, START + 12)]
