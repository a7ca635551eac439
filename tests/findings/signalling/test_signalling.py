"""Requests and what came back: repeated, late, refused, never."""

from __future__ import annotations

import pytest

from tests.finding_cases.plain import INVITE, again
from tests.found import found, frames
from tests.stories import ANSWER, A, B, C, Story, dialled, request, response, talk


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
    assert (told.severity, told.certainty) == ("warning", "low") and "was not sent again" in told.what


def test_an_answer_that_is_repeated_without_an_ack_is_an_error() -> None:
    (told,) = found([*dialled(ack=False), *again(dialled()[2], 1500, 2500)], "ack-missing")
    assert (told.severity, told.what) == ("error", "no ACK to 200 OK to INVITE, sent 3 times")
