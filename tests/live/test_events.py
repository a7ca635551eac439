"""What becomes an event, in which order, and when a finding does: as soon as its rule says that it will stay."""

from __future__ import annotations

import struct

import pytest

from dissectors.findings.catalogue import RULES
from dissectors.findings.rule import AT_ONCE, CONFIRM_SECONDS, UNANSWERED_SECONDS
from dissectors.live import events as live_events
from dissectors.live.events import CallEvent, Events, FindingEvent, StreamEvent
from dissectors.live.session import Session
from dissectors.report import Finding
from dissectors.wire.values import replace
from tests import reports
from tests.made import A, B, frame, report, rtp, sip
from tests.sessions import CALL, fed, session

MOMENTS = {"body-corrupt": AT_ONCE, "call-busy": AT_ONCE, "stream-loss": CONFIRM_SECONDS,
           "ack-missing": UNANSWERED_SECONDS, "rtcp-missing": UNANSWERED_SECONDS}


@pytest.mark.parametrize("id", MOMENTS)
def test_a_finding_is_told_once_it_has_held_for_as_long_as_its_rule_says(id: str) -> None:
    rule = RULES[id]
    finding = Finding(id, rule.severity, "certain", "what", rule.why, rule.fix, (), None, None)
    made, events, told = replace(reports.report(), findings=(finding,)), Events(), []
    for seconds in range(60):
        found = [each for each in events.since(made, 1000.0 + seconds, (0, 0)) if isinstance(each, FindingEvent)]
        told += [(each.id, seconds) for each in found]
    assert told == [(id, MOMENTS[id])] and rule.confirm_seconds == MOMENTS[id]


def test_a_call_is_told_through_all_of_its_states_in_order() -> None:
    _, told = session(CALL.read_bytes())
    states = [event.state for event in told if isinstance(event, CallEvent)]
    assert states == ["calling", "ringing", "answered", "ended"]
    times = [event.time for event in told if isinstance(event, CallEvent)]
    assert times == sorted(times)


def test_every_stream_of_the_report_has_begun() -> None:
    one, told = session(CALL.read_bytes())
    begun = {event.ssrc for event in told if isinstance(event, StreamEvent) and event.state == "began"}
    assert begun == {stream.ssrc for stream in one.report().streams}


def test_what_is_remembered_no_longer_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_events, "MAX_REMEMBERED", 2)
    octets = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for number in range(6):
        names = (f"Call-ID: {number}", f"From: <sip:a>;tag={number}", "To: <sip:b>", "CSeq: 1 INVITE")
        one = frame(A, B, sip("INVITE sip:b SIP/2.0", *names))
        octets += struct.pack("<IIII", number, 0, len(one), len(one)) + one
    with fed(bytes(octets), 50_000) as pipe:
        session = Session(pipe, watch=lambda look: None)
        session.run()
    found = [finding.what for finding in session.report().findings if finding.id == "bound-hit"]
    assert any(what.startswith("calls of earlier events: ") for what in found)


def test_a_stream_that_falls_silent_and_resumes_is_told_once_each() -> None:
    watched = Events(every=0)
    ten = report([(A, B, rtp(i)) for i in range(10)])
    twenty = report([(A, B, rtp(i)) for i in range(20)], every=400)
    last = ten.capture.last or 0.0
    states = []
    looks = [(ten, last + wait) for wait in (0, 2, 4, 6)]
    for made, now in (*looks, (twenty, twenty.capture.last or 0.0)):
        states += [event.state for event in watched.since(made, now, (0, 0)) if isinstance(event, StreamEvent)]
    assert states == ["began", "silent", "resumed"]


@pytest.mark.parametrize(("wait", "ended", "told"), [(1, False, False), (6, False, True), (1, True, True)])
def test_at_the_end_a_finding_is_told_of_a_call_that_is_over_or_where_it_has_held(
    wait: int, ended: bool, told: bool
) -> None:
    names = ("Call-ID: 1", "From: <sip:a>;tag=1", "CSeq: 1 INVITE")
    sent = [(A, B, sip("INVITE sip:b SIP/2.0", *names, "To: <sip:b>"))]
    sent += [(B, A, sip("SIP/2.0 486 Busy Here", *names, "To: <sip:b>;tag=2"))] * ended
    made = report(sent)
    assert "header-missing" in [finding.id for finding in made.findings]
    events = Events().since(made, (made.capture.first or 0.0) + wait, (0, 0), last=True)
    found = [event.id for event in events if isinstance(event, FindingEvent)]
    assert ("header-missing" in found) is told


def test_a_finding_about_a_call_is_told_once_it_has_held() -> None:
    names = ("Call-ID: 1", "From: <sip:a>;tag=1", "To: <sip:b>", "CSeq: 1 INVITE")
    made = report([(A, B, sip("INVITE sip:b SIP/2.0", *names))])
    assert "header-missing" in [finding.id for finding in made.findings]
    watched = Events()
    told = []
    for now in (1.0, 3.0, 7.0, 9.0):
        events = watched.since(made, now, (0, 0))
        told.append("header-missing" in [event.id for event in events if isinstance(event, FindingEvent)])
    assert told == [False, False, True, False]
