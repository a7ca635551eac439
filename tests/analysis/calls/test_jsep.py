"""JSEP as calls: offers, answers and candidates in any words serve what SIP's do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from dissectors.report import Call
from tests import tcp_frames
from tests.protocols.test_jsep import CANDIDATE, JINGLE, TRANSPORT, http
from tests.tcp_frames import A, B, Endpoint, Sent, conversation, records
from tests.twins import SCANNERS
from tests.verto_calls import ANSWER, EVERY_NS, OFFER, hidden, told


def says(src: Endpoint, value: Any) -> Sent:
    return src, json.dumps(value).encode()


OFFERED, ANSWERED = says(A, {"type": "offer", "sdp": OFFER}), says(B, {"type": "answer", "sdp": ANSWER})


def call_of(*sent: Sent) -> Call:
    (call,) = told(*sent).calls
    return call


def said(call: Call) -> list[tuple[str, str, int | None]]:
    return [(message.side, message.method, message.status) for message in call.messages]


def over_http(sent: Iterable[Sent], scanner: Any = None) -> Any:
    return tcp_frames.report(records(conversation(sent, size=300), EVERY_NS), scanner)


@pytest.mark.parametrize("scanner", SCANNERS)
def test_offer_answer_and_candidates_make_a_call_without_fault(scanner: Any) -> None:
    trickled = says(A, {"candidate": {"candidate": CANDIDATE, "sdpMid": "0"}})
    report = told(OFFERED, trickled, ANSWERED, scanner=scanner())
    (call,) = report.calls
    assert (call.kind, call.outcome, call.signalling) == ("call", "established", "JSON")
    assert call.call_id == "JSON 192.0.2.1:40000-192.0.2.2:5060"
    assert said(call) == [("caller", "INVITE", None), ("caller", "INFO", None), ("callee", "INVITE", 200)]
    offer, answer = call.descriptions
    assert (offer.role, offer.state, answer.role) == ("offer", "agreed", "answer")
    assert offer.media[0].endpoints == ("192.0.2.1:40100", "198.51.100.9:5000")
    assert offer.media[0].candidate_kinds == ("host", "srflx") and offer.media[0].candidates == 2
    assert offer.media[0].ufrag == "uf40100" and call.messages[0].body is not None
    assert call.messages[0].body.text == hidden(OFFER) and call.messages[0].summary == "JSON offer"
    assert [(seen.name, seen.count) for seen in report.capture.protocols] == [("JSEP", 3)] and report.findings == ()


def test_a_second_offer_goes_on_with_the_call() -> None:
    again = says(B, {"type": "offer", "sdp": OFFER + "a=x\r\n"}), says(A, {"type": "answer", "sdp": ANSWER})
    call = call_of(OFFERED, ANSWERED, *again)
    assert said(call)[2:] == [("callee", "INVITE", None), ("caller", "INVITE", 200)]
    assert [each.role for each in call.descriptions] == ["offer", "answer", "offer", "answer"]


def test_two_sessions_on_one_connection_are_two_calls() -> None:
    sent = []
    for handle in (1, 2):
        names = {"session_id": 7, "handle_id": handle}
        sent += [
            says(A, {"janus": "message", **names, "jsep": {"type": "offer", "sdp": OFFER}}),
            says(B, {"janus": "event", "session_id": 7, "sender": handle, "jsep": {"type": "answer", "sdp": ANSWER}}),
        ]
    sent.append(says(B, {"janus": "hangup", "session_id": 7, "sender": 1}))
    one, two = sorted(told(*sent).calls, key=lambda call: call.number)
    assert (one.call_id, one.outcome, one.ended_by) == ("Janus 7/1", "ended", "callee")
    assert (two.call_id, two.outcome, two.signalling) == ("Janus 7/2", "established", "Janus")


def test_a_transport_of_mediasoup_is_a_call_that_needs_no_answer() -> None:
    call = call_of(says(B, {"response": True, "data": TRANSPORT}))
    assert (call.signalling, call.outcome) == ("mediasoup", "established")
    assert call.descriptions[0].media[0].ufrag == "uf"


def test_a_server_that_hands_jingle_on_makes_one_call_of_both_hops() -> None:
    accepted = JINGLE.replace("session-initiate", "session-accept").replace("uf1", "uf2").replace("actpass", "active")
    call = call_of((A, JINGLE.encode()), (B, JINGLE.encode()), (A, accepted.encode()), (B, accepted.encode()))
    assert said(call) == [
        ("caller", "INVITE", None), ("caller", "INVITE", None), ("callee", "INVITE", 200), ("callee", "INVITE", 200),
    ]
    assert [(each.role, each.side) for each in call.descriptions] == [("offer", "caller"), ("answer", "callee")]


@pytest.mark.parametrize("scanner", SCANNERS)
def test_whip_over_http_is_a_call_that_begins_after_the_options_request(scanner: Any) -> None:
    report = over_http([
        (A, http("OPTIONS /whip/x HTTP/1.1", "Access-Control-Request-Method: POST")), (B, b"HTTP/1.1 204 No\r\n\r\n"),
        (A, http("POST /whip/x HTTP/1.1", "Content-Type: application/sdp", body=OFFER)),
        (B, http("HTTP/1.1 201 Created", "Location: /whip/1", "Content-Type: application/sdp", body=ANSWER)),
        (A, http("PATCH /whip/1 HTTP/1.1", "Content-Type: application/trickle-ice-sdpfrag", body=f"a={CANDIDATE}\r\n")),
        (B, b"HTTP/1.1 204 No\r\n\r\n"), (A, http("DELETE /whip/1 HTTP/1.1")), (B, http("HTTP/1.1 200 OK")),
    ], scanner())
    (call,) = report.calls
    assert (call.signalling, call.outcome, call.ended_by) == ("WHIP", "ended", "caller")
    assert said(call) == [
        ("caller", "INVITE", None), ("callee", "INVITE", 200), ("caller", "INFO", None), ("caller", "BYE", None),
    ]
    assert len(call.descriptions[0].media[0].endpoints) == 2 and report.capture.messages == 4


def test_other_http_is_given_up() -> None:
    report = over_http([(A, http("POST /api HTTP/1.1", "Content-Type: application/json", body="{}"))] * 3)
    assert report.calls == () and report.capture.messages == 0


def test_candidates_without_a_description_make_no_call() -> None:
    assert told(says(A, {"candidate": CANDIDATE})).calls == ()
