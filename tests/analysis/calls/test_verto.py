"""Verto as calls: its requests and their answers in the terms of SIP."""

from __future__ import annotations

from typing import Any

import pytest

from dissectors.report import Call
from dissectors.wire.json_text import MAX_DEPTH
from tests import verto_calls as verto
from tests.tcp_frames import A, B, Sent
from tests.twins import SCANNERS
from tests.verto_calls import CALL_ID, DIALOG, asks, fails, gives, told


def call_of(*sent: Sent) -> Call:
    (call,) = told(*sent).calls
    return call


def said(call: Call) -> list[tuple[str, str, int | None]]:
    return [(message.side, message.method, message.status) for message in call.messages]


@pytest.mark.parametrize("scanner", SCANNERS)
def test_a_call_is_told_with_its_descriptions_and_its_end(scanner: Any) -> None:
    report = told(*verto.login(), *verto.answered(), *verto.hung_up(), scanner=scanner())
    (call,) = report.calls
    assert (call.call_id, call.kind, call.outcome, call.signalling) == (CALL_ID, "call", "ended", "Verto")
    assert (call.caller, call.callee, call.ended_by, call.status) == ("1000", "9196", "caller", 200)
    assert said(call) == [
        ("caller", "INVITE", None), ("callee", "INVITE", 100), ("callee", "INVITE", 183), ("caller", "PRACK", None),
        ("callee", "INVITE", 200), ("caller", "ACK", None), ("caller", "BYE", None), ("callee", "BYE", 200),
    ]
    bodies = [message.body for message in call.messages if message.body]
    assert [(body.text, body.content_type) for body in bodies] == [
        (verto.hidden(verto.OFFER), "application/sdp"), (verto.hidden(verto.ANSWER), "application/sdp"),
    ]
    assert [(each.role, each.side, each.state) for each in call.descriptions] == [
        ("offer", "caller", "agreed"), ("answer", "callee", "agreed"),
    ]
    assert call.messages[0].summary == "verto.invite" and call.messages[-1].summary == "200 CALL ENDED"
    assert {(message.transport, message.signalling) for message in call.messages} == {("ws", "Verto")}
    assert [(seen.name, seen.count) for seen in report.capture.protocols] == [("VERTO", 11)]
    assert report.findings == ()


def test_a_login_is_no_call_and_nothing_tells_its_password() -> None:
    report = told(*verto.login())
    assert report.calls == () and verto.PASSWORD not in str(report)


def test_the_server_calls_the_client() -> None:
    call = call_of(
        asks(B, 5, "verto.invite", callID=CALL_ID, sdp=verto.OFFER, caller_id_number="1001", callee_id_number="1000"),
        gives(A, 5, method="verto.invite"),
        asks(A, 3, "verto.answer", sdp=verto.ANSWER, dialogParams=DIALOG), gives(B, 3, message="CALL ANSWERED"),
        asks(B, 6, "verto.bye", callID=CALL_ID, causeCode=16, cause="NORMAL_CLEARING"), gives(A, 6, method="verto.bye"),
    )
    assert (call.outcome, call.caller, call.callee, call.ended_by) == ("ended", "1001", "1000", "caller")
    assert said(call)[:4] == [
        ("caller", "INVITE", None), ("callee", "INVITE", 100), ("callee", "INVITE", 200), ("caller", "ACK", None),
    ]
    assert [each.side for each in call.descriptions] == ["caller", "callee"]


@pytest.mark.parametrize(
    ("cause", "status", "outcome"),
    [
        (17, 486, "rejected"), (21, 603, "rejected"), (19, 480, "unreachable"), (1, 404, "rejected"),
        (999, 480, "unreachable"),
    ],
)
def test_a_callee_that_hangs_up_before_its_answer_refuses(cause: int, status: int, outcome: str) -> None:
    call = call_of(
        *verto.attempt(), asks(B, 903, "verto.bye", callID=CALL_ID, causeCode=cause, cause="WHY"),
        gives(A, 903, method="verto.bye"),
    )
    assert (call.status, call.outcome) == (status, outcome)
    assert said(call)[-2:] == [("callee", "INVITE", status), ("caller", "ACK", None)]
    assert f"cause={cause}" in (call.messages[-2].header("Reason") or "")


def test_a_caller_that_hangs_up_before_the_answer_cancels() -> None:
    call = call_of(*verto.attempt(), *verto.hung_up())
    assert call.outcome == "cancelled"
    assert said(call)[-2:] == [("caller", "CANCEL", None), ("callee", "CANCEL", 200)]


@pytest.mark.parametrize(
    ("error", "status"),
    [((-32000, "Authentication Required"), 401), ((-32001, "Failed"), 403), ((-32602, "Invalid"), 500)],
)
def test_an_error_refuses_an_invite(error: tuple[int, str], status: int) -> None:
    call = call_of(verto.attempt()[0], fails(B, 2, *error))
    assert (call.status, call.outcome, call.messages[-1].summary) == (status, "rejected", f"{status} {error[1]}")
    with_cause = call_of(verto.attempt()[0], fails(B, 2, -32002, "CALL ERROR", causeCode=88, cause="INCOMPATIBLE"))
    assert with_cause.status == 488


def test_requests_within_a_call_belong_to_it() -> None:
    call = call_of(
        *verto.answered(),
        asks(A, 3, "verto.info", dtmf="5", dialogParams=DIALOG), gives(B, 3, message="SENT"),
        asks(A, 4, "verto.modify", action="hold", dialogParams=DIALOG), gives(B, 4, callID=CALL_ID, action="hold"),
        asks(B, 910, "verto.display", callID=CALL_ID, display_number="9196"), gives(A, 910, method="verto.display"),
        asks(B, 911, "verto.event", eventChannel="presence", data={}),
    )
    assert said(call)[6:] == [
        ("caller", "INFO", None), ("callee", "INFO", 200), ("caller", "UPDATE", None), ("callee", "UPDATE", 200),
        ("callee", "verto.display", None), ("caller", "verto.display", 200),
    ]
    assert call.outcome == "established"


def test_holds_and_keys_of_verto_are_told_as_those_of_sip_are() -> None:
    report = told(
        *verto.answered(),
        asks(A, 3, "verto.info", dtmf="10", dialogParams=DIALOG), gives(B, 3, message="SENT"),
        asks(A, 4, "verto.modify", action="hold", dialogParams=DIALOG), gives(B, 4, callID=CALL_ID, action="hold"),
        asks(A, 5, "verto.modify", action="unhold", dialogParams=DIALOG), gives(B, 5, callID=CALL_ID, action="unhold"),
    )
    assert sorted((found.id, found.what) for found in report.findings) == [
        ("call-held", "the caller asks for it by verto.modify"),
        ("digits-sent", "the caller sent by INFO (application/json): 1 0"),
    ]


def test_events_and_answers_of_unknown_calls_make_no_call() -> None:
    assert told(
        asks(B, 1, "verto.event", callID="other"), asks(B, 2, "verto.display", callID="other"),
        gives(A, 77, callID="other", message="CALL CREATED"),
    ).calls == ()


def test_a_client_that_comes_back_is_attached_to_its_call() -> None:
    call = call_of(
        *verto.answered(), asks(B, 920, "verto.attach", callID=CALL_ID, sdp=verto.ANSWER),
        gives(A, 920, method="verto.attach"), asks(A, 20, "verto.attach", sdp=verto.OFFER, dialogParams=DIALOG),
        gives(B, 20, message="CALL ANSWERED"),
    )
    assert said(call)[6:] == [
        ("callee", "INVITE", None), ("caller", "INVITE", 100), ("caller", "INVITE", 200), ("callee", "ACK", None),
    ]
    assert call.outcome == "established"


def test_a_call_that_began_before_the_capture_is_told_in_part() -> None:
    call = call_of(asks(A, 9, "verto.bye", dialogParams=DIALOG, causeCode=16), gives(B, 9, message="CALL ENDED"))
    assert (call.outcome, call.messages[0].method) == ("fragment", "BYE")


def test_json_that_nests_too_deep_is_malformed_and_told() -> None:
    deep = b'{"jsonrpc":"2.0","method":"verto.info","params":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    report = told((A, deep))
    assert report.calls == () and [finding.id for finding in report.findings] == ["message-malformed"]
