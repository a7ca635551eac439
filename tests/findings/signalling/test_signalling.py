"""Requests and what came back: repeated, late, refused, never."""

from __future__ import annotations

import pytest

from dissectors.report import Report
from tests import tcp_frames
from tests.finding_cases.plain import INVITE, again
from tests.found import found, frames, ids
from tests.stories import ANSWER, A, B, C, Story, dialled, report, request, response, talk


def test_a_header_that_is_missing_is_not_broken_too() -> None:
    octets = INVITE[3].replace(b"CSeq: 1 INVITE\r\n", b"")
    assert found([(0, A, B, octets)], "header-missing") and not found([(0, A, B, octets)], "header-broken")


def test_a_registration_that_is_refused_and_accepted_later_is_a_note() -> None:
    story = [request(0, "REGISTER"), response(20, 403, "Wrong password", "REGISTER"), request(40, "REGISTER", number=2),
             response(60, 200, "OK", "REGISTER", number=2)]
    (told,) = found(story, "registration-refused")
    assert (told.severity, frames(told)) == ("note", [2])
    assert "403 Wrong password, and accepted later" in told.what


def test_early_media_is_something_to_hear() -> None:
    story = [INVITE, response(900, 183, "Session Progress", body=ANSWER), response(9000, 200, "OK", body=ANSWER)]
    assert not found(story, "call-setup-slow")


@pytest.mark.parametrize(
    ("story", "id"),
    [
        ([INVITE, (40_000, C, A, b"\xff" * 20)], "invite-no-response"),
        ([*dialled(ack=False), *talk()], "ack-missing"),
        ([*dialled(), request(9000, "BYE", number=2, tag="2"), (60_000, C, A, b"\xff" * 20)], "bye-unanswered"),
    ],
)
def test_what_nobody_repeats_may_have_been_answered_another_way(story: Story, id: str) -> None:
    (told,) = found(story, id)
    assert (told.severity, told.certainty) == ("note", "low") and "was not sent again" in told.what


def test_over_tcp_nobody_repeats_a_request() -> None:
    options = request(40_000, "OPTIONS", call="two")[3]
    sent = [(tcp_frames.A, INVITE[3]), (tcp_frames.A, options), (tcp_frames.A, options)]
    made = tcp_frames.report(tcp_frames.records(tcp_frames.conversation(sent), every=5_000_000_000))
    (told,) = [each for each in made.findings if each.id == "invite-no-response"]
    assert (told.severity, told.certainty) == ("warning", "low") and told.what.endswith("to the INVITE, over TCP")


def test_an_answer_that_is_repeated_without_an_ack_is_an_error() -> None:
    (told,) = found([*dialled(ack=False), *again(dialled()[2], 1500, 2500)], "ack-missing")
    assert (told.severity, told.what) == ("error", "no ACK to 200 OK to INVITE, sent 3 times")


@pytest.mark.parametrize(
    ("status", "reason", "id"),
    [
        (480, "", "call-unreachable"),
        (480, "Reason: Q.850;cause=20", "call-unreachable"),
        (480, 'Reason: Q.850;cause=21;text="Call Rejected"', "call-declined"),
        (480, "Reason: Q.850;cause=17", "call-busy"),
        (480, "Reason: SIP;cause=17", "call-unreachable"),
        (503, "Reason: Q.850;cause=21", "call-server-failed"),
    ],
)
def test_a_refusal_is_told_by_its_cause_where_a_gateway_names_one(status: int, reason: str, id: str) -> None:
    headers = (reason,) if reason else ()
    made = report([INVITE, response(900, status, "Said", "INVITE", *headers)])
    (told,) = [each for each in made.findings if each.id.startswith("call-")]
    assert told.id == id and f"the INVITE was answered {status} Said" in told.what


@pytest.mark.parametrize(
    ("story", "what"),
    [
        ([response(0, 200, "OK", body=ANSWER), request(20, "ACK", tag="2")], "the first message is 200 OK to INVITE"),
        ([request(0, "BYE", tag="2"), response(20, 200, "OK", "BYE")], "the first message is BYE"),
    ],
)
def test_a_call_that_began_before_the_capture_is_told_as_a_part(story: Story, what: str) -> None:
    (told,) = found(story, "call-in-part")
    assert told.what == what
    assert not found([*story, (30_000, A, B, b"\xff" * 20)], "answer-missing")


TRYING = response(20, 100, "Trying")


@pytest.mark.parametrize(
    ("responses", "said"),
    [
        ([TRYING], "100 Trying was the last response; 40 s passed, and no phone is known to ring"),
        ([TRYING, response(200, 180, "Ringing")], "180 Ringing was the last response; 40 s passed"),
    ],
)
def test_only_a_phone_that_says_so_is_said_to_ring(responses: Story, said: str) -> None:
    (told,) = found([INVITE, *responses, (40_000, C, A, b"\xff" * 20)], "call-unanswered")
    assert told.what == said


def test_a_message_that_the_capture_cut_is_not_called_broken() -> None:
    broken = {"header-broken", "header-missing", "content-length-wrong"}
    for keep in (70, 200, 330):
        made = report([*dialled(), *talk()], keep=keep)
        assert "capture-snaplen" in ids(made) and not ids(made) & broken
    (told,) = found([(0, A, B, dialled()[0][3][:100])], "header-broken")
    assert told.severity == "warning"


def test_a_short_message_that_the_capture_cut_is_not_called_broken_where_many_were_cut() -> None:
    long = [response(number * 40, 200, "OK", "INVITE", "X-A: " + "b" * 400, number=number) for number in range(1, 30)]
    made = report([INVITE, *long, response(3000, 200, "OK", "BYE", number=40)], keep=140)
    assert "capture-snaplen" in ids(made) and not ids(made) & {"header-broken", "header-missing"}


ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"'


def test_a_call_that_was_answered_at_another_phone_says_so() -> None:
    cancelled = [response(5010, 200, "OK", "CANCEL"), response(5020, 487, "Request Terminated")]
    (told,) = found([INVITE, request(5000, "CANCEL", ELSEWHERE), *cancelled], "call-cancelled")
    assert told.what == "CANCEL (Reason: SIP 200, Call completed elsewhere) after 5.0 s"
    (told,) = found([INVITE, request(5000, "CANCEL"), *cancelled], "call-cancelled")
    assert told.what == "CANCEL after 5.0 s"


def test_a_call_that_was_terminated_and_never_cancelled_says_so() -> None:
    (told,) = found([INVITE, response(5000, 487, "Request Terminated", "INVITE", ELSEWHERE)], "call-cancelled")
    assert told.what == (
        "487 Request Terminated (Reason: SIP 200, Call completed elsewhere) without a CANCEL after 5.0 s"
    )
    assert frames(told) == [2]


def test_a_call_whose_first_message_is_a_re_invite_began_before() -> None:
    story = [request(1000, "INVITE", body=ANSWER, number=2, tag="2"), response(1020, 200, "OK", body=ANSWER, number=2)]
    assert "call-in-part" in ids(report(story))
    assert "call-in-part" not in ids(report(dialled()))


def test_a_call_that_was_given_up_before_anything_rang_says_so() -> None:
    gone = [request(9000, "CANCEL"), response(9010, 200, "OK", "CANCEL"), response(9020, 487, "Request Terminated")]
    (told,) = found([INVITE, response(10, 100, "Trying"), *gone], "call-cancelled")
    assert told.what == "CANCEL after 9.0 s, and nothing rang"
    (told,) = found([INVITE, response(10, 100, "Trying"), response(900, 180, "Ringing"), *gone], "call-cancelled")
    assert told.what == "CANCEL after 9.0 s"


def over_tcp(*sent: bytes) -> Report:
    """The report on messages of the caller, one a segment."""
    return tcp_frames.report(tcp_frames.records(tcp_frames.conversation([(tcp_frames.A, each) for each in sent])))


OFFERED, BYE_SENT = dialled()[0][3], request(0, "BYE", number=2, tag="2")[3]
LENGTH = next(line for line in OFFERED.split(b"\r\n") if line.startswith(b"Content-Length"))


@pytest.mark.parametrize(
    ("length", "what"),
    [
        (b"X-Length: 1", "INVITE: a body and no Content-Length"),
        (b"Content-Length: 5", "INVITE: {} bytes follow the 5 of Content-Length"),
        (b"Content-Length: 900", "INVITE: Content-Length says 900 bytes, {} are there"),
    ],
)
def test_a_length_that_is_wrong_on_a_stream_is_told_and_the_next_message_is_read(length: bytes, what: str) -> None:
    size = len(OFFERED.partition(b"\r\n\r\n")[2])
    made = over_tcp(OFFERED.replace(LENGTH, length), BYE_SENT)
    (told,) = [each for each in made.findings if each.id == "content-length-wrong"]
    assert (told.what, told.severity) == (what.format(size - 5 if b" 5" in length else size), "warning")
    assert [each.method for each in made.calls[0].messages] == ["INVITE", "BYE"]
    assert "capture-snaplen" not in ids(made)
    assert "content-length-wrong" not in ids(over_tcp(OFFERED, BYE_SENT))


def test_a_datagram_needs_no_length_and_may_carry_more() -> None:
    assert not found([(0, A, B, OFFERED.replace(LENGTH, b"X-Length: 1"))], "content-length-wrong")
    (told,) = found([(0, A, B, OFFERED + b"more")], "content-length-wrong")
    assert told.severity == "note"
    assert not found([(0, A, B, OFFERED + b"\r\n\r\n")], "content-length-wrong")


def test_an_invite_that_is_whole_late_is_no_call_in_part() -> None:
    sent = [
        (tcp_frames.A, OFFERED.replace(LENGTH, b"Content-Length: 900")),
        (tcp_frames.B, response(20, 200, "OK", body=ANSWER)[3]), (tcp_frames.A, BYE_SENT),
    ]
    made = tcp_frames.report(tcp_frames.records(tcp_frames.conversation(sent)))
    (call,) = made.calls
    assert [each.place.frame for each in call.messages] == [4, 3, 5]
    assert "call-in-part" not in ids(made)
