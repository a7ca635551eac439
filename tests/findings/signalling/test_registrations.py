"""Registrations: refused, never followed, or in good order."""

from __future__ import annotations

import pytest

from tests.finding_cases.plain import NOTHING
from tests.finding_cases.within_calls import CREDENTIALS
from tests.found import PROXY, found, frames
from tests.stories import A, Story, request, response

REALM = 'WWW-Authenticate: Digest realm="a"'
STALE = "WWW-Authenticate: Digest realm=x, nonce=y, stale=TRUE"


def turns(*said: tuple[str, int, str]) -> Story:
    """REGISTERs, each with its headers, the status that it was answered, and a header of that answer."""
    story: Story = []
    for number, (header, status, answer) in enumerate(said, 1):
        story.append(request(number * 1000, "REGISTER", *filter(None, [header]), number=number))
        answers = filter(None, [answer])
        story.append(response(number * 1000 + 20, status, "Said", "REGISTER", *answers, number=number))
    return story


@pytest.mark.parametrize(
    ("story", "said"),
    [
        (turns(("", 403, "")), ["the REGISTER was answered 403 Said"]),
        (turns(("", 423, "Min-Expires: 600")), ["the REGISTER was answered 423 Said (Min-Expires: 600)"]),
        (turns(("", 401, ""), (CREDENTIALS, 401, "")),
         ["the REGISTER was answered 401 Said, although it carried credentials"]),
        (turns(("", 407, ""), (CREDENTIALS, 403, "")), ["the REGISTER was answered 403 Said"]),
        (turns(("", 401, ""), (CREDENTIALS, 200, ""), (CREDENTIALS, 401, "")),
         ["the REGISTER was answered 401 Said, although it carried credentials"]),
        (turns(*[("", 401, "")] * 3), ["the REGISTER was answered 401 Said 3 times, no credentials were ever sent"]),
        (turns(("", 401, ""), (CREDENTIALS, 200, ""), (CREDENTIALS, 401, ""), (CREDENTIALS, 200, "")), []),
        (turns(("", 401, ""), (CREDENTIALS, 401, STALE), (CREDENTIALS, 200, "")), []),
        (turns(("", 401, ""), *[(CREDENTIALS, 401, STALE)] * 3),
         ["the REGISTER was answered 401 Said with stale=true 3 times in a row: the nonce of its credentials is too "
          "old each time"]),
        (turns(("", 401, ""), *[(CREDENTIALS, 401, STALE)] * 2, (CREDENTIALS, 200, "")), []),
        (turns(("", 407, ""), (CREDENTIALS, 401, ""), (CREDENTIALS, 200, "")), []),
        (turns(("", 401, REALM), (CREDENTIALS, 401, REALM.replace('"a"', '"b"')), (CREDENTIALS, 200, "")), []),
        (turns(("", 401, ""), (CREDENTIALS, 200, ""), ("", 401, ""), (CREDENTIALS, 200, "")), []),
    ],
)
def test_what_refuses_a_registration(story: Story, said: list[str]) -> None:
    assert [each.what for each in found(story, "registration-refused")] == said


def test_a_shorter_expiry_that_is_followed_is_a_note() -> None:
    (told,) = found(turns(("", 423, "Min-Expires: 600"), ("", 200, "")), "registration-refused")
    assert (told.severity, told.what) == (
        "note", "the REGISTER was answered 423 Said (Min-Expires: 600), and accepted later"
    )


def test_a_challenge_that_two_hops_carry_is_one_challenge() -> None:
    (asked, said) = turns(("", 401, ""))
    story = [asked, (1001, PROXY, A, asked[3]), (1019, A, PROXY, said[3]), said]
    assert not found([*story, *NOTHING], "registration-refused")
    assert len(found([*story, *NOTHING], "registration-abandoned")) == 1


@pytest.mark.parametrize(
    ("story", "said", "sure", "severity"),
    [
        ([*turns(("", 401, "")), *NOTHING], "401 Said was the last response, no REGISTER came in the 59.0 s after it; "
         "no credentials were ever sent", "high", "warning"),
        ([*turns(("", 407, ""), (CREDENTIALS, 200, ""), ("", 407, "")), *NOTHING],
         "407 Said was the last response, no REGISTER came in the 57.0 s after it", "high", "warning"),
        ([*turns(("", 401, ""), (CREDENTIALS, 401, STALE)), *NOTHING],
         "401 Said was the last response, no REGISTER came in the 58.0 s after it", "high", "warning"),
        (turns(("", 401, "")), "401 Said was the last response, no REGISTER came in the 0.0 s after it; no credentials "
         "were ever sent", "low", "note"),
    ],
)
def test_a_registration_that_nobody_goes_on_with_was_given_up(
    story: Story, said: str, sure: str, severity: str
) -> None:
    (told,) = found(story, "registration-abandoned")
    assert (told.what, told.certainty, told.severity) == (said, sure, severity)
    assert len(frames(told)) == 2


def test_a_challenge_that_is_followed_under_another_call_id_was_not_given_up() -> None:
    other = request(2000, "REGISTER", CREDENTIALS, call="two")
    accepted = response(2020, 200, "OK", "REGISTER", call="two")
    assert not found([*turns(("", 401, "")), other, accepted, *NOTHING], "registration-abandoned")


def test_who_is_asked_again_and_again_was_refused_and_did_not_give_up() -> None:
    assert not found([*turns(*[("", 401, "")] * 3), *NOTHING], "registration-abandoned")
