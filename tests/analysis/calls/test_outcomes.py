"""What a call or another transaction comes to."""

from __future__ import annotations

import pytest

from tests.stories import ANSWER, OFFER, A, C, Story, dialled, hung_up, report, request, response

INVITE, RINGING = request(0, "INVITE", body=OFFER), response(200, 180, "Ringing")
CANCEL, CANCELLED = request(5000, "CANCEL"), response(5010, 200, "OK", "CANCEL")
CREDENTIALS = "Authorization: Digest username=a"
UNKNOWN = response(5010, 481, "Call/Transaction Does Not Exist", "CANCEL")


def outcome(story: Story) -> str:
    (call,) = report(story).calls
    return call.outcome


@pytest.mark.parametrize(
    ("after", "came_to"),
    [
        ([], "ringing"),
        ([CANCEL], "ringing"),
        ([CANCEL, CANCELLED], "cancelled"),
        ([CANCEL, response(5020, 487, "Request Terminated")], "cancelled"),
        ([CANCEL, CANCELLED, response(5020, 486, "Busy Here")], "cancelled"),
        ([CANCEL, CANCELLED, response(38_000, 480, "Temporarily Unavailable")], "unreachable"),
        ([CANCEL, CANCELLED, response(5020, 200, "OK", body=ANSWER)], "established"),
        ([CANCEL, UNKNOWN], "ringing"),
        ([CANCEL, UNKNOWN, response(5020, 486, "Busy Here")], "rejected"),
        ([CANCEL, response(5010, 500, "Server Error", "CANCEL"), response(9000, 480, "Gone")], "unreachable"),
        ([CANCEL, response(9000, 408, "Request Timeout")], "unreachable"),
        ([CANCEL, response(9000, 404, "Not Found")], "rejected"),
    ],
)
def test_a_cancel_is_not_its_effect(after: Story, came_to: str) -> None:
    assert outcome([INVITE, RINGING, *after]) == came_to


def test_a_branch_that_refuses_first_does_not_end_the_call_that_another_one_answers() -> None:
    busy = response(500, 486, "Busy Here", tag="9")
    story = [*dialled(), *hung_up()]
    (call,) = report([*story, busy]).calls
    assert (call.outcome, call.status, call.ended_by) == ("ended", 200, "caller")
    assert call.ended is not None and call.answered is not None and call.ended - call.answered == 10.0


def test_a_copy_of_the_invite_that_is_refused_takes_nothing_from_an_answer() -> None:
    merged = [(2000.0, C, *request(0, "INVITE", body=OFFER)[2:]), response(2010, 482, "Merged Request", tag="9")]
    (call,) = report([*dialled(), *merged, *hung_up()]).calls
    assert (call.outcome, call.status, call.ended_by) == ("ended", 200, "caller")


def test_what_cancelled_an_attempt_does_not_concern_the_next_one() -> None:
    again = [request(9000, "INVITE", body=OFFER, number=2), response(9020, 486, "Busy Here", number=2)]
    assert outcome([INVITE, RINGING, CANCEL, CANCELLED, *again]) == "rejected"


def test_a_cancel_without_its_invite_is_a_part_of_a_call() -> None:
    assert outcome([CANCEL, UNKNOWN]) == "fragment"


@pytest.mark.parametrize("status", [408, 430, 480])
def test_who_cannot_be_reached_did_not_reject(status: int) -> None:
    assert outcome([INVITE, response(200, status, "Gone")]) == "unreachable"


@pytest.mark.parametrize(
    ("turns", "came_to"),
    [
        ([("", 0)], "unanswered"),
        ([("", 200)], "registered"),
        ([("", 401)], "abandoned"),
        ([("", 407)], "abandoned"),
        ([("", 401), (CREDENTIALS, 200)], "registered"),
        ([("", 401), (CREDENTIALS, 401)], "refused"),
        ([("", 401), (CREDENTIALS, 200), (CREDENTIALS, 401)], "refused"),
        ([("", 401), (CREDENTIALS, 200), ("", 401)], "abandoned"),
        ([("", 401), ("", 401), ("", 401)], "refused"),
        ([("", 403)], "refused"),
        ([("", 423), ("", 200)], "registered"),
        ([("", 200), ("", 503)], "refused"),
    ],
)
def test_a_registration_is_what_its_last_response_says(turns: list[tuple[str, int]], came_to: str) -> None:
    story: Story = []
    for number, (credentials, status) in enumerate(turns, 1):
        story.append(request(number * 1000, "REGISTER", *filter(None, [credentials]), number=number))
        if status:
            story.append(response(number * 1000 + 20, status, "Said", "REGISTER", number=number))
    assert outcome(story) == came_to


@pytest.mark.parametrize(("status", "came_to"), [(0, "unanswered"), (200, "answered"), (489, "refused")])
def test_other_transactions_are_answered_or_refused(status: int, came_to: str) -> None:
    for method in ("OPTIONS", "MESSAGE", "SUBSCRIBE"):
        said = [response(20, status, "Said", method)] if status else []
        assert outcome([request(0, method), *said]) == came_to


def test_a_registration_becomes_a_call_with_its_first_invite() -> None:
    registered = [request(0, "REGISTER"), response(20, 200, "OK", "REGISTER")]
    dials = [request(3000, "INVITE", body=OFFER, number=2), response(3200, 403, "Forbidden", number=2)]
    (call,) = report([*registered, *dials]).calls
    assert (call.kind, call.outcome, call.status, call.answered) == ("call", "rejected", 403, None)
    assert call.start == pytest.approx(3.0) and len(call.messages) == 4


def test_what_a_call_registers_leaves_it_a_call() -> None:
    (call,) = report([*dialled(), request(2000, "REGISTER"), response(2020, 403, "Forbidden", "REGISTER")]).calls
    assert (call.kind, call.outcome, call.status) == ("call", "established", 200)


@pytest.mark.parametrize(
    ("responses", "seconds", "came_to"),
    [
        ([], 0, "ringing"), ([], 31, "ringing"), ([], 33, "unanswered"),
        ([100], 33, "ringing"), ([183], 170, "ringing"), ([100], 181, "unanswered"), ([180], 3600, "ringing"),
    ],
)
def test_a_call_that_nobody_can_have_given_up_is_not_unanswered(
    responses: list[int], seconds: int, came_to: str
) -> None:
    said = [response(100, status, "Said") for status in responses]
    (call,) = report([INVITE, *said, (seconds * 1000, C, A, b"\xff" * 20)]).calls
    assert call.outcome == came_to and (call.ringing is not None) == (responses == [180])


def test_who_cancels_or_hangs_up_gave_up() -> None:
    assert outcome([INVITE, request(500, "CANCEL")]) == "unanswered"
    assert outcome([INVITE, response(100, 100, "Trying"), request(500, "CANCEL")]) == "unanswered"


def test_who_hangs_up_in_a_capture_of_one_direction_had_a_call() -> None:
    assert outcome([INVITE, request(1010, "ACK", tag="2"), *hung_up()[:1]]) == "ended"
    assert outcome([response(1000, 200, "OK", body=ANSWER), *hung_up()[1:]]) == "ended"
    assert outcome([INVITE, response(200, 180, "Ringing"), *hung_up()[:1]]) == "ringing"
    assert outcome([INVITE, *hung_up()]) == "unanswered"
