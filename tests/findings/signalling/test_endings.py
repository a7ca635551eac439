"""What a call ended by."""

from __future__ import annotations

import pytest

from tests.finding_cases.within_calls import CREDENTIALS, EXPIRES, TALKING, TIMED, TIMEOUT, changed, refer
from tests.found import found, frames
from tests.stories import ANSWER, OFFER, A, B, Story, request, response


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"SIP/2.0 404 Not found", "the transfer to sip:c@x was answered 404 Not found"),
        (b"SIP/2.0 503 Service Unavailable\r\n", "the transfer to sip:c@x was answered 503 Service Unavailable"),
        (b"SIP/2.0 487\r\nTo: x", "the transfer to sip:c@x was answered 487"),
    ],
)
def test_a_notify_says_how_a_transfer_failed(line: bytes, said: str) -> None:
    (told,) = found(refer(b"SIP/2.0 100 Trying", line), "transfer-failed")
    assert (told.what, frames(told)) == (said, [5, 9])


def test_a_refer_that_is_refused_is_a_transfer_that_failed() -> None:
    (told,) = found(refer(status=603), "transfer-failed")
    assert (told.what, frames(told)) == ("the REFER to sip:c@x was answered 603 Said", [5, 6])


@pytest.mark.parametrize(
    "story",
    [
        refer(b"SIP/2.0 180 Ringing"),
        refer(b"SIP/2.0 302 Moved", b"SIP/2.0 200 OK"),
        refer(b"nothing"),
        [*changed(401, method="REFER"), request(3100, "REFER", CREDENTIALS, tag="2", number=3),
         response(3120, 202, "Accepted", "REFER", number=3)],
    ],
)
def test_a_transfer_that_goes_on_or_went_well_has_not_failed(story: Story) -> None:
    assert not found(story, "transfer-failed")


def later(milliseconds: float) -> Story:
    """The capture goes on for so long."""
    return [(milliseconds, A, B, b"\xff" * 20)]


def no_more(state: str) -> Story:
    """A NOTIFY without a body."""
    return [request(5300, "NOTIFY", "Event: refer", f"Subscription-State: {state}", number=9, tag="2")]


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ([*refer(), *later(11_000)], "no NOTIFY follows"),
        ([*refer(b"SIP/2.0 180 Ringing"), *later(200_000)], "no NOTIFY says more than that it goes on"),
        ([*refer(), *no_more("terminated"), *later(9000)], "no NOTIFY says more than that it goes on"),
    ],
)
def test_a_transfer_of_which_nobody_says_what_became_is_a_note(story: Story, said: str) -> None:
    (told,) = found(story, "transfer-unknown")
    assert told.severity == "note" and told.what == f"the REFER to sip:c@x was answered 202 Said, and {said}"
    assert frames(told)[:2] == [5, 6] and not found(story, "transfer-failed")


@pytest.mark.parametrize(
    "story",
    [
        # The capture ends too early to say so.
        [*refer(), *later(6000)],
        [*refer(b"SIP/2.0 180 Ringing"), *later(90_000)],
        [*refer(), *no_more("active;expires=60"), *later(90_000)],
        # It was refused, or failed: that is told, and no more.
        [*refer(status=603), *later(90_000)],
        [*refer(b"SIP/2.0 404 Not found"), *later(300_000)],
        # Nobody wants to be told.
        [*changed(202, "Refer-Sub: false", method="REFER"), *later(90_000)],
        # Not yet answered.
        [request(3000, "REFER", tag="2", number=2), *later(90_000)],
    ],
)
def test_a_transfer_whose_outcome_is_known_or_may_come_yet_is_not_unknown(story: Story) -> None:
    assert not found(story, "transfer-unknown")


def timed(value: str) -> Story:
    answer = response(1000, 200, "OK", "INVITE", f"Session-Expires: {value}", body=ANSWER)
    return [request(0, "INVITE", "Session-Expires: 90", body=OFFER), answer, request(1010, "ACK", tag="2")]


def bye(time: float, *headers: str, back: bool = True) -> Story:
    return [request(time, "BYE", *headers, number=9, tag="2", back=back)]


@pytest.mark.parametrize(
    ("story", "said", "sure"),
    [
        ([*TIMED, *bye(91_000, TIMEOUT)], "a session timer of 90 s was not refreshed by the caller; BYE of the callee "
         "90.0 s after, Reason: SIP 408, session timeout", "certain"),
        ([*timed("90;refresher=uas"), *bye(61_000, back=False)],
         "a session timer of 90 s was not refreshed by the callee; BYE of the caller 60.0 s after", "medium"),
        ([*timed("1800"), *bye(1_769_000, "Reason: Q.850;cause=102")],
         "a session timer of 1800 s was not refreshed; BYE of the callee 1768.0 s after, Reason: Q.850 102, recovery "
         "on timer expiry", "high"),
        ([*TIMED, *changed(200, EXPIRES, method="UPDATE", time=45_000), *bye(135_020)],
         "a session timer of 90 s was not refreshed by the caller; BYE of the callee 90.0 s after", "medium"),
        ([*TIMED, *changed(422, "Min-SE: 1800", method="UPDATE", time=45_000), *bye(91_000)],
         "a session timer of 90 s was not refreshed by the caller (its attempt was answered 422 Said (Min-SE: 1800)); "
         "BYE of the callee 90.0 s after", "medium"),
    ],
)
def test_a_session_that_nobody_refreshed_expired(story: Story, said: str, sure: str) -> None:
    (told,) = found(story, "session-expired")
    assert (told.what, told.certainty) == (said, sure) and told.time == pytest.approx(story[-1][0] / 1000)


def test_who_hangs_up_as_if_a_refreshed_timer_had_expired_did_not_restart_it() -> None:
    refreshed = [*TIMED, *changed(200, EXPIRES, method="UPDATE", time=45_000)]
    (told,) = found([*refreshed, *bye(91_000, TIMEOUT)], "session-expired")
    assert told.what == (
        "a session timer of 90 s was refreshed by UPDATE of the caller, which was answered 200 Said; BYE of the callee "
        "44.0 s before its end, Reason: SIP 408, session timeout"
    )
    assert "did not" in told.fix and told.certainty == "certain"


@pytest.mark.parametrize(
    "story",
    [
        [*TIMED, *bye(30_000)],
        [*TIMED, *bye(110_000)],
        [*TIMED, *bye(91_000, "Reason: Q.850;cause=16")],
        [*TIMED, *changed(200, EXPIRES, time=45_000), *bye(91_000)],
        [*TIMED, *changed(200, time=45_000), *bye(135_000)],
        [*TIMED, request(45_000, "UPDATE", tag="2", number=2), *bye(91_000)],
        [*TALKING, *bye(91_000)],
        timed("90"),
        [*timed("soon"), *bye(91_000)],
    ],
)
def test_a_call_that_ended_otherwise_did_not_expire(story: Story) -> None:
    assert not found(story, "session-expired")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ('SIP;cause=408;text="ACK Timeout"', "the BYE of the callee says SIP 408, ACK Timeout"),
        ("Q.850;cause=38", "the BYE of the callee says Q.850 38, network out of order"),
        ("Q.850;cause=16", ""),
        ('SIP;cause=200;text="Call completed elsewhere"', ""),
        ('RELEASE_CAUSE;cause=1;text="User ends call"', ""),
    ],
)
def test_a_reason_is_told_if_it_names_a_failure(reason: str, said: str) -> None:
    assert [each.what for each in found([*TALKING, *bye(9000, f"Reason: {reason}")], "call-ended-reason")] == [
        said
    ] * bool(said)


def test_a_reason_that_names_the_timer_is_told_once() -> None:
    assert not found([*TIMED, *bye(91_000, TIMEOUT)], "call-ended-reason")
    assert found([*TALKING, *bye(91_000, TIMEOUT)], "call-ended-reason")
