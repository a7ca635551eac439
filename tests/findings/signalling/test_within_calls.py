"""What is refused within a call, and what excuses it; CANCEL without effect; re-INVITEs that nobody answers."""

from __future__ import annotations

import pytest

from tests.finding_cases.exchanges import accepted, prack, reliable
from tests.finding_cases.plain import INVITE, NOTHING, RINGING
from tests.finding_cases.within_calls import CREDENTIALS, TALKING, changed
from tests.found import found, frames
from tests.stories import OFFER, A, B, Story, hung_up, report, request, response

CANCEL, UNKNOWN = request(5000, "CANCEL"), response(5020, 481, "Unknown", "CANCEL")


@pytest.mark.parametrize(
    ("story", "said", "fix"),
    [
        (changed(488, 'Warning: 304 x "Media type not available"'),
         "the re-INVITE of the caller was answered 488 Said (Warning: 304 Media type not available)", "continues"),
        (changed(500, "Retry-After: 5"), "the re-INVITE of the caller was answered 500 Said (Retry-After: 5)", "again"),
        (changed(415, method="INFO"), "the INFO of the caller was answered 415 Said", "Accept"),
        ([request(3000, "INFO", "Content-Type: application/dtmf-relay", body=b"Signal=9", number=2, tag="2"),
          response(3020, 405, "Said", "INFO", number=2)],
         "the INFO (application/dtmf-relay) of the caller was answered 405 Said", "Allow"),
        ([request(3000, "SUBSCRIBE", "Event: refer", number=2, tag="2"),
          response(3020, 489, "Said", "SUBSCRIBE", number=2)],
         "the SUBSCRIBE (refer) of the caller was answered 489 Said", "Event"),
        (changed(422, "Min-SE: 1800", method="UPDATE"), "the UPDATE of the caller was answered 422 Said (Min-SE: 1800)",
         "Min-SE"),
        (changed(488, method="UPDATE"), "the UPDATE of the caller was answered 488 Said", "offer"),
        (changed(481, method="BYE"), "the BYE of the caller was answered 481 Said", "tags"),
        (changed(404, method="BYE"), "the BYE of the caller was answered 404 Said", "Contact"),
        (changed(403, method="MESSAGE"), "the MESSAGE of the caller was answered 403 Said", "allow"),
        (changed(489, method="SUBSCRIBE"), "the SUBSCRIBE of the caller was answered 489 Said", "Event"),
        (changed(603, method="REFER"), "the REFER of the caller was answered 603 Said", "declined"),
        (changed(481, method="PRACK"), "the PRACK of the caller was answered 481 Said", "tags"),
        (changed(481, method="OPTIONS"), "the OPTIONS of the caller was answered 481 Said", "tags"),
        ([*changed(407), *NOTHING],
         "the re-INVITE of the caller was answered 407 Said, and no credentials followed", "beside it"),
        ([request(3000, "INVITE", number=7, tag="2", back=True), response(3020, 488, "Said", number=7, back=True)],
         "the re-INVITE of the callee was answered 488 Said", "continues"),
    ],
)
def test_a_refusal_within_a_call_says_who_asked_for_what(story: Story, said: str, fix: str) -> None:
    (told,) = found([*TALKING, *story], "request-refused")
    assert (told.what, told.severity, frames(told)) == (said, "warning", [5, 6])
    assert fix in told.fix


@pytest.mark.parametrize(
    "story",
    [
        changed(491),
        changed(405, method="OPTIONS"),
        [*changed(401), request(3100, "INVITE", CREDENTIALS, tag="2", number=3), *changed(200, number=3, time=3200)],
        changed(407),
        [*hung_up(2900), *changed(481, method="NOTIFY", number=3)],
        [request(3000, "BYE", number=7, tag="2", back=True), *changed(481, method="BYE")],
        [request(2990, "INVITE", body=OFFER, tag="2", number=2), request(3000, "CANCEL", tag="2", number=2),
         response(3010, 200, "OK", "CANCEL", number=2), response(3020, 487, "Request Terminated", number=2)],
        [*changed(200), *changed(200, method="INFO", number=3)],
    ],
)
def test_how_things_go_is_no_refusal(story: Story) -> None:
    assert not found([*TALKING, *story], "request-refused")


def test_a_change_that_met_another_one_and_was_not_tried_again_is_refused() -> None:
    asked = [*TALKING, *changed(491), *hung_up(20_000)]
    (told,) = found(asked, "request-refused")
    assert told.what == "the re-INVITE of the caller was answered 491 Said, and not repeated"
    for method in ("INVITE", "UPDATE"):
        again = changed(200, number=3, time=5000, method=method)
        assert not found([*TALKING, *changed(491), *again, *hung_up(20_000)], "request-refused")
    assert not found([*TALKING, *changed(491), *hung_up(5000)], "request-refused")
    (glare,) = found(asked, "reinvite-glare")
    assert (glare.what, glare.severity) == ("491 Request Pending to the re-INVITE of the caller", "note")


def test_a_prack_that_is_refused_says_what_of_it_does_not_fit() -> None:
    asked, said = prack(220, "2 1 INVITE"), accepted(240, status=481)
    (told,) = found([INVITE, reliable(200), asked, said], "request-refused")
    assert told.what == "the PRACK of the caller was answered 481 OK: its RAck is '2 1 INVITE' and not '1 1 INVITE'"
    (told,) = found([INVITE, reliable(200), prack(220), said], "request-refused")
    assert told.what == "the PRACK of the caller was answered 481 OK"


def test_a_timer_that_was_too_short_and_accepted_once_it_was_longer_is_a_note() -> None:
    story = [*changed(422, "Min-SE: 120", method="UPDATE"), *changed(200, method="UPDATE", number=3, time=3100)]
    (told,) = found([*TALKING, *story], "request-refused")
    assert told.severity == "note" and told.what.endswith("(Min-SE: 120), and accepted later")


def test_what_is_refused_outside_a_call_is_another_transaction() -> None:
    assert not found([request(0, "MESSAGE"), response(20, 404, "Not Found", "MESSAGE")], "request-refused")


@pytest.mark.parametrize(
    ("after", "said", "sure", "cited"),
    [
        ([UNKNOWN], "the CANCEL was answered 481 Unknown", "certain", [3, 4]),
        ([response(5020, 405, "Not Allowed", "CANCEL"), response(9000, 480, "Gone")],
         "the CANCEL was answered 405 Not Allowed; 480 Gone came 4.0 s after it", "certain", [3, 4, 5]),
        ([response(36_000, 408, "Timeout"), response(36_010, 408, "Timeout", "CANCEL")],
         "the CANCEL was answered 408 Timeout; 408 Timeout came 31.0 s after it", "certain", [3, 5, 4]),
        ([response(5020, 500, "Error", "CANCEL"), response(9000, 486, "Busy")],
         "the CANCEL was answered 500 Error; 486 Busy came 4.0 s after it", "certain", [3, 4, 5]),
        ([response(9000, 480, "Gone")], "nothing answered the CANCEL; 480 Gone came 4.0 s after it", "medium", [3, 4]),
        ([(5500, *CANCEL[1:]), (6500, *CANCEL[1:]), response(40_000, 480, "Gone")],
         "nothing answered the CANCEL, sent 3 times; 480 Gone came 35.0 s after it", "certain", [3, 6]),
        ([response(5020, 200, "OK", "CANCEL"), response(40_000, 480, "Gone")],
         "the CANCEL was answered 200 OK and had no effect; 480 Gone came 35.0 s after it", "certain", [3, 4, 5]),
        ([response(5020, 200, "OK", "CANCEL"), response(15_000, 200, "OK")],
         "the CANCEL was answered 200 OK and had no effect; 200 OK came 10.0 s after it", "certain", [3, 4, 5]),
    ],
)
def test_a_cancel_without_effect_says_what_came_of_it(after: Story, said: str, sure: str, cited: list[int]) -> None:
    (told,) = found([INVITE, RINGING, CANCEL, *after], "cancel-refused")
    strange = ", its branch is not that of the INVITE"
    assert (told.what.replace(strange, ""), told.certainty, frames(told)) == (said, sure, cited)


def test_a_cancel_with_a_branch_of_its_own_is_named() -> None:
    (told,) = found([INVITE, RINGING, CANCEL, UNKNOWN], "cancel-refused")
    assert "its branch is not that of the INVITE" in told.what
    same = (CANCEL[0], CANCEL[1], CANCEL[2], CANCEL[3].replace(b"branch=z9hG4bKCANCEL1", b"branch=z9hG4bKINVITE1"))
    (told,) = found([INVITE, RINGING, same, UNKNOWN], "cancel-refused")
    assert told.what == "the CANCEL was answered 481 Unknown"


@pytest.mark.parametrize(
    "after",
    [
        [response(5010, 200, "OK", "CANCEL"), response(5020, 487, "Request Terminated")],
        [response(5010, 200, "OK", "CANCEL"), response(5020, 486, "Busy")],
        [UNKNOWN, response(5030, 487, "Request Terminated")],
        [response(5010, 200, "OK", "CANCEL"), response(9000, 487, "Request Terminated"),
         request(9100, "INVITE", body=OFFER, number=3), response(9200, 200, "OK", number=3)],
        [response(5010, 200, "OK"), UNKNOWN],
        [response(5010, 200, "OK", "CANCEL"), response(5020, 200, "OK")],
        [response(5500, 486, "Busy")],
        [response(5500, 180, "Ringing")],
    ],
)
def test_a_cancel_that_took_effect_or_was_crossed_is_not_refused(after: Story) -> None:
    assert not found([INVITE, RINGING, CANCEL, *after], "cancel-refused")


def test_a_cancel_without_effect_is_a_note_where_nothing_rang() -> None:
    late = [response(36_000, 408, "Timeout"), response(36_010, 408, "Timeout", "CANCEL")]
    (told,) = found([INVITE, response(20, 100, "Trying"), CANCEL, *late], "cancel-refused")
    assert told.severity == "note"
    (told,) = found([INVITE, RINGING, CANCEL, *late], "cancel-refused")
    assert told.severity == "warning"


def test_where_no_response_is_captured_none_is_missed() -> None:
    assert not found([INVITE, CANCEL, (5500, *CANCEL[1:]), *NOTHING], "cancel-refused")


def test_a_re_invite_without_an_answer_is_called_so_and_no_invite() -> None:
    asked = [request(3000 + n, "INVITE", body=OFFER, number=7, tag="2", back=True) for n in (0, 500, 1500)]
    (told,) = found([*TALKING, *asked], "reinvite-unanswered")
    assert told.what == "no response from 198.51.100.1:16402 to the re-INVITE of the callee, sent 3 times"
    assert (told.certainty, frames(told)) == ("certain", [5, 6, 7])
    assert not found([*TALKING, *asked], "invite-no-response")


@pytest.mark.parametrize(
    ("story", "said", "sure"),
    [
        ([request(3000, "INVITE", tag="2", number=2), *NOTHING], "was not sent again", "low"),
        ([*changed(100), *NOTHING], "100 Said was the last response to the re-INVITE of the caller; 57 s", "high"),
    ],
)
def test_a_re_invite_that_may_have_been_answered_is_less_sure(story: Story, said: str, sure: str) -> None:
    (told,) = found([*TALKING, *story], "reinvite-unanswered")
    assert said in told.what and told.certainty == sure


def test_who_acknowledges_the_answer_to_a_re_invite_got_one() -> None:
    asked = [request(3000 + n, "INVITE", body=OFFER, tag="2", number=2) for n in (0, 500)]
    assert not found([*TALKING, *asked, request(3600, "ACK", number=2, tag="2"), *NOTHING], "reinvite-unanswered")


def test_a_re_invite_just_before_the_end_of_the_call_waits_for_nothing() -> None:
    story = [*TALKING, request(3000, "INVITE", tag="2", number=3), *hung_up(4000), *NOTHING]
    assert not found(story, "reinvite-unanswered")


def test_a_number_that_does_not_rise_is_named_where_it_is_refused() -> None:
    (told,) = found([*TALKING, *changed(200, number=102), *changed(500, number=3, time=5000)], "request-refused")
    assert told.what.endswith("was answered 500 Said: its CSeq is 3, and the INVITE before it had 102")
    (told,) = found([*TALKING, *changed(500, number=3, time=5000)], "request-refused")
    assert told.what.endswith("was answered 500 Said")


def test_a_re_invite_under_the_number_of_the_first_invite_is_a_request_of_its_own() -> None:
    again = [(*each[:3], each[3].replace(b"INVITE1", b"again")) for each in changed(500, number=1)]
    (told,) = found([*TALKING, *again], "request-refused")
    assert told.what.endswith("was answered 500 Said: its CSeq is 1, and the INVITE before it had 1")


def test_a_bye_whose_tags_are_swapped_is_of_the_side_that_sends_it() -> None:
    bye = request(9000, "BYE", number=7, tag="2")
    story = [*TALKING, (9000.0, B, A, bye[3]), (9020.0, A, B, response(9020, 481, "No", "BYE", number=7)[3])]
    (told,) = found(story, "request-refused")
    assert told.what == (
        "the BYE of the callee was answered 481 No: its From tag is that of the other side, and its To tag its own"
    )
    (call,) = report(story).calls
    assert call.ended_by == "callee"


def test_an_update_that_is_not_known_and_a_re_invite_that_is_accepted_in_its_place_is_a_note() -> None:
    refused = changed(501, method="UPDATE")
    (told,) = found([*TALKING, *refused, *changed(200, number=3, time=3100)], "request-refused")
    assert told.severity == "note" and told.what.endswith(", and a re-INVITE was accepted instead")
    (told,) = found([*TALKING, *refused], "request-refused")
    assert told.severity == "warning"


def test_a_cancel_that_is_accepted_ends_the_invite_with_a_final_response() -> None:
    accepted = response(5010, 200, "OK", "CANCEL")
    (told,) = found([INVITE, RINGING, CANCEL, accepted, *NOTHING], "cancel-refused")
    assert "the CANCEL was answered 200 OK, and no final response came to the INVITE; " in told.what
    for more in ([response(5020, 487, "Request Terminated")], [request(5030, "ACK", tag="2")]):
        assert not found([INVITE, RINGING, CANCEL, accepted, *more, *NOTHING], "cancel-refused")
    assert not found([INVITE, RINGING, CANCEL, accepted], "cancel-refused")
