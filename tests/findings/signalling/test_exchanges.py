"""Requests that nothing answered, hop by hop."""

from __future__ import annotations

import pytest

from tests.finding_cases.exchanges import PROXY, onward, repeated
from tests.finding_cases.plain import INVITE, again
from tests.found import found, frames, ids
from tests.made import Endpoint
from tests.stories import ANSWER, A, B, C, Story, Told, dialled, report, request, response

OTHER: Endpoint = ("203.0.113.9", 5060)
BYE = request(9000, "BYE", number=2, tag="2")
UNANSWERED = {"invite-no-response", "bye-unanswered", "request-unanswered", "request-repeated"}


def told(story: Story) -> set[str]:
    """What is said of requests and their answers."""
    return ids(report(story)) & UNANSWERED


def to_proxy(*sent: Told) -> Story:
    """The caller's messages, sent to a proxy, and what that sends back."""
    return [(each[0], each[1] if each[1] == A else PROXY, PROXY if each[1] == A else A, each[3]) for each in sent]


def test_the_next_hop_that_never_answers_is_named() -> None:
    (one,) = found(repeated(INVITE), "invite-no-response")
    assert (one.severity, one.what) == ("error", "no response from 203.0.113.2:16402 to the INVITE, sent 5 times")
    assert frames(one) == [1, 2, 3, 4, 5]


def test_a_capture_that_ends_soon_does_not_show_that_nobody_answers() -> None:
    (one,) = found(repeated(INVITE, 2), "invite-no-response")
    assert one.severity == "warning" and one.what.endswith("sent 3 times; the capture ends 1.5 s after the first")
    assert not found(repeated(INVITE, 1), "invite-no-response")


def behind_a_proxy(*answers: Told) -> Story:
    return [*to_proxy(INVITE, response(10, 100, "Trying"), *answers), *repeated(onward(INVITE, PROXY, B, 5, "p"))]


def test_it_is_named_whatever_the_proxy_before_it_said() -> None:
    (one,) = found(behind_a_proxy(response(32_000, 408, "Request Timeout")), "invite-no-response")
    assert (one.severity, one.what) == ("error", "no response from 203.0.113.2:16402 to the INVITE, sent 5 times")
    assert len(one.places) == 5


def test_a_phone_of_a_fork_that_never_answers_is_a_warning_where_another_one_did() -> None:
    other = onward(INVITE, PROXY, OTHER, 6, "q")
    taken = response(2000, 200, "OK", body=ANSWER)
    story = [*behind_a_proxy(taken), other, onward(taken, OTHER, PROXY, -1, "q")]
    story += [*to_proxy(request(2010, "ACK", tag="2")), onward(request(2010, "ACK", tag="2"), PROXY, OTHER, 1, "r")]
    (one,) = found(story, "invite-no-response")
    assert (one.severity, one.what) == ("warning", "no response from 203.0.113.2:16402 to the INVITE, sent 5 times")


def test_of_hops_that_follow_one_another_the_last_is_named() -> None:
    story = [*to_proxy(*repeated(INVITE)), *repeated(onward(INVITE, PROXY, B, 5, "p"))]
    (one,) = found(story, "invite-no-response")
    assert "from 203.0.113.2:16402" in one.what


def test_a_next_hop_that_got_one_repeat_and_then_another_was_tried_is_nothing() -> None:
    story = [*to_proxy(INVITE, response(10, 100, "Trying")), *repeated(onward(INVITE, PROXY, B, 5, "p"), 1)]
    assert not told([*story, (60_000, C, A, b"\xff" * 20)])


@pytest.mark.parametrize(
    "later", [request(3000, "ACK", tag="2"), request(9000, "BYE", number=2, tag="2"), request(900, "PRACK", tag="2")]
)
def test_who_goes_on_in_the_dialog_got_an_answer_that_was_not_captured(later: Told) -> None:
    assert "invite-no-response" not in told([*repeated(INVITE, 2), later])


def test_a_re_invite_is_told_under_its_own_name() -> None:
    story = [*dialled(), *repeated(request(9000, "INVITE", number=2, tag="2"))]
    assert not found(story, "invite-no-response") and found(story, "reinvite-unanswered")


def test_a_response_to_another_address_of_the_sender_is_a_response() -> None:
    time, src, _, octets = response(700, 100, "Trying")
    assert not told([*repeated(INVITE, 1), (time, src, OTHER, octets)])


def test_the_two_sides_of_an_address_translation_are_judged_each() -> None:
    inside: Endpoint = ("10.0.0.5", 5060)
    story = [(time, inside, PROXY, octets) for time, _, _, octets in repeated(INVITE)]
    story += [(time + 1, A, B, octets) for time, _, _, octets in story]
    (one,) = found([*story, response(20, 100, "Trying")], "invite-no-response")
    assert "from 192.0.2.9:5060" in one.what and len(one.places) == 5


def test_repeats_are_counted_on_one_hop_of_a_transaction() -> None:
    twice = [INVITE, *again(INVITE, 500)]
    story = [*to_proxy(*twice, response(600, 100, "Trying")), *(onward(each, PROXY, B, 5, "p") for each in twice)]
    trying = response(590, 100, "Trying")
    assert not told([*story, onward(trying, B, PROXY, 0, "p")])
    (one,) = found([*repeated(INVITE, 2), response(1600, 180, "Ringing")], "request-repeated")
    assert one.what == "INVITE was sent 3 times before an answer came"


def test_trying_ends_no_repeats_of_a_bye() -> None:
    trying = [response(time, 100, "Trying", "BYE", number=2) for time in (9010, 9510, 10_510)]
    story = [*dialled(), *repeated(BYE, 3), *trying]
    (one,) = found(story, "bye-unanswered")
    assert one.what == "only 100 Trying from 203.0.113.2:16402 to the BYE, sent 4 times"
    assert told(story) == {"bye-unanswered"}


def test_trying_is_no_answer_to_another_request_either() -> None:
    story = [*repeated(request(0, "REGISTER"), 3), response(10, 100, "Trying", "REGISTER")]
    (one,) = found(story, "request-unanswered")
    assert one.what == "REGISTER was sent 4 times to 203.0.113.2:16402, only 100 Trying came back"
    assert told(story) == {"request-unanswered"}


def test_a_bye_that_stops_behind_the_proxy_is_unanswered_there() -> None:
    story = [*to_proxy(*dialled(), BYE, response(41_000, 408, "Request Timeout", "BYE", number=2))]
    (one,) = found([*story, *repeated(onward(BYE, PROXY, B, 5, "p"))], "bye-unanswered")
    assert one.what == "no response from 203.0.113.2:16402 to the BYE, sent 5 times"


@pytest.mark.parametrize("apart", [0, 1, 5.2, 49])
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_copies_repeat_nothing(apart: float, copies: int) -> None:
    call = [*dialled(), BYE, response(9020, 200, "OK", "BYE", number=2)]
    story = [(each[0] + n * apart / copies, *each[1:]) for each in call for n in range(copies + 1)]
    assert not told(story) and "answer-repeated" not in ids(report(story))


def test_a_request_that_is_sent_again_although_it_was_answered_says_so() -> None:
    answers = [response(9020 + late, 200, "OK", "BYE", number=2) for late in (0, 500, 1500)]
    (one,) = found([*dialled(), *repeated(BYE, 2), *answers], "request-repeated")
    assert one.what == "BYE was sent 3 times although 200 OK came 20 ms after the first"
    (one,) = found([*dialled(), *repeated(BYE, 2), response(10_600, 200, "OK", "BYE", number=2)], "request-repeated")
    assert one.what == "BYE was sent 3 times before an answer came"


def test_a_cancel_that_nothing_answers_is_told_once() -> None:
    story = [INVITE, response(200, 180, "Ringing"), *repeated(request(5000, "CANCEL"), 4),
             response(36_000, 480, "Gone")]
    assert "cancel-refused" in ids(report(story)) and not told(story)


def test_answers_that_go_to_another_port_than_the_request_came_from_are_told() -> None:
    via = ("198.51.100.1", 5060)
    answers = [(told[0], B, via, told[3]) for told in (
        response(9020 + late, 200, "OK", "BYE", number=2) for late in (0, 500, 1500)
    )]
    (one,) = found([*dialled(), *repeated(BYE, 2), *answers], "request-repeated")
    assert one.what.endswith("ms after the first; it came from port 16402, and each answer went to port 5060")
    assert "3581" in one.fix
    # One of them comes to where the request was sent from.
    answers[1] = (*answers[1][:2], A, answers[1][3])
    (one,) = found([*dialled(), *repeated(BYE, 2), *answers], "request-repeated")
    assert "port" not in one.what


@pytest.mark.parametrize(("port", "said"), [(41_234, True), (16402, False)])
def test_a_phone_that_registered_another_port_than_it_sent_from_is_told_where_it_does_not_answer(
    port: int, said: bool
) -> None:
    contact = f"Contact: <sip:b@{B[0]}:{B[1]}>"
    asked = request(-900, "REGISTER", contact, call="reg")
    given = response(-880, 200, "OK", "REGISTER", contact, call="reg")
    bound = [(-900.0, (B[0], port), C, asked[3]), (-880.0, C, (B[0], port), given[3])]
    (one,) = found([*bound, *repeated(INVITE)], "invite-no-response")
    assert one.what.endswith(f"; {B[0]} registered from port 41234, with port 16402 in its Contact") == said
    assert ("5626" in one.fix) == said


@pytest.mark.parametrize(("host", "said"), [
    ("192.168.1.9", "a private address"), ("127.0.0.1", "a loopback address"), ("203.0.113.7", ""),
])
def test_a_bye_that_goes_to_the_inner_address_of_a_contact_is_told_with_where_that_side_is(
    host: str, said: str
) -> None:
    answer = response(1000, 200, "OK", "INVITE", f"Contact: <sip:b@{host}:5060>", body=ANSWER)
    calls = [*dialled()[:2], answer, request(1010, "ACK", tag="2")]
    byes = [(time, A, (host, 5060), octets) for time, _, _, octets in repeated(BYE)]
    (one,) = found([*calls, *byes], "bye-unanswered")
    told = f"; {host} is {said} in the Contact of a side that sends from 203.0.113.2"
    assert one.what == f"no response from {host}:5060 to the BYE, sent 5 times{told if said else ''}"
    near = [(time, (A[0] if src == A else "10.1.1.1", 5060), ("10.1.1.1" if src == A else A[0], 5060), octets)
            for time, src, _, octets in calls]
    (one,) = found([*near, *byes], "bye-unanswered")
    assert one.what == f"no response from {host}:5060 to the BYE, sent 5 times"
