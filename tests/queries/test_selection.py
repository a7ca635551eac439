"""Filters and windows: what they keep of a report."""

from __future__ import annotations

import pytest

from dissectors.queries.filters import wanted
from dissectors.queries.selection import Window, nothing_left, select
from dissectors.report import Quality
from tests import reports, tcp_frames
from tests.chosen import TOLD, kept
from tests.finding_cases.session import both, checks, user
from tests.made import sip
from tests.stories import ANSWER, A, B, agreed, report, talk


@pytest.mark.parametrize("text", ["callid==one", "ssrc==0xABC", "status==4xx", "protocol==stun", "severity==note"])
def test_positions_stay_right(text: str) -> None:
    made = kept(text)
    for number, call in enumerate(made.calls):
        assert all(made.streams[position].call == number for position in call.streams)
    for stream in made.streams:
        flow = made.flows[stream.flows[0]]
        assert (flow.src, flow.sport, flow.dst, flow.dport) == (stream.src, stream.sport, stream.dst, stream.dport)
    assert all(each.call is None or each.call < len(made.calls) for each in made.findings)
    assert all(each.stream is None or each.stream < len(made.streams) for each in made.findings)


def test_positions_in_sessions_stay_right() -> None:
    other = ("198.51.100.9", 5000)
    moved = [(time, other if src == A else src, other if dst == A else dst, octets) for time, src, dst, octets in (
        *checks(0, 3, name=user("R", "S")), *agreed(500), *talk(ssrc=99),
    )]
    whole = report([*both(0, 4), *agreed(100), *talk(start=200), *moved])
    made = select(whole, lambda values: other[0] in values.get("addr", ()))
    (session,) = made.sessions
    assert [made.streams[number].ssrc for number in session.streams] == [99]
    assert all(made.checks[number].src == other[0] for number in session.checks) and len(session.checks) == 1
    assert [made.handshakes[number].src for number in session.handshakes] == [other[0]]
    assert len(whole.sessions) == 2 and select(whole) == whole


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("loss<1", False), ("loss>=1", True), ("loss==0", False), ("loss==8", True), ("loss>1 and loss<9", True),
        ("mos>4", False), ("mos<=4", True), ("mos==4.4", False), ("mos==1", True),
    ],
)
def test_a_call_is_judged_by_its_worst_stream(text: str, there: bool) -> None:
    scores = (Quality(4.4, 90.0, "E-model", 100.0, 7, 5), Quality(1.0, 10.0, "E-model", 100.0, 7, 5), None)
    streams = [
        reports.stream(lost_fraction=lost / 1000, quality=score)
        for lost, score in zip((0, 80, 0), scores, strict=True)
    ]
    made = reports.report(calls=(reports.call(number=1, streams=(0, 1, 2)),), streams=tuple(streams))
    assert bool(select(made, wanted(text)).calls) is there


def test_a_call_without_media_has_neither_loss_nor_score() -> None:
    made = reports.report(calls=(reports.call(number=1, streams=()),), streams=())
    for text in ("loss<1", "loss>=1", "mos>4", "mos<=4"):
        assert not select(made, wanted(text)).calls


def test_everything_is_kept_without_a_filter() -> None:
    assert select(TOLD) == TOLD


@pytest.mark.parametrize(
    ("window", "calls", "streams"),
    [
        (Window(0, 5), ["one"], [77, 78]),
        (Window(15, 25), ["two"], []),
        (Window(29, None), [], [0xABC]),
        (Window(None, 0.5), ["one"], [77, 78]),
        (Window(12, 19), [], []),
    ],
)
def test_a_window_keeps_what_overlaps_it(window: Window, calls: list[str], streams: list[int]) -> None:
    made = select(TOLD, None, window)
    assert [call.dialogs[0].call_id for call in made.calls] == calls
    assert [stream.ssrc for stream in made.streams] == streams


def test_nothing_is_left_only_where_nothing_fits() -> None:
    assert nothing_left(kept("callid==three")) and not nothing_left(kept("callid==one"))
    assert not nothing_left(kept("protocol==stun"))


def test_a_call_that_answers_carries_its_codec_through() -> None:
    assert kept("callid==one").streams[0].codec == "PCMU"
    assert B[0] in {flow.dst for flow in kept("callid==one").flows} and ANSWER


def test_what_came_over_tcp_is_kept_by_its_transport() -> None:
    options = sip("OPTIONS sip:a@x SIP/2.0", "Call-ID: 1", "CSeq: 1 OPTIONS")
    made = tcp_frames.report(tcp_frames.records(tcp_frames.conversation([(tcp_frames.A, options)])))
    kept_by = {each: select(made, wanted(f"transport=={each}")) for each in ("tcp", "udp")}
    assert (len(kept_by["tcp"].calls), len(kept_by["tcp"].flows)) == (1, 1)
    assert not kept_by["udp"].calls and not kept_by["udp"].flows
