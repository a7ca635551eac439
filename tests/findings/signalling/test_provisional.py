"""PRACK: missing, unfit, and not taken."""

from __future__ import annotations

import pytest

from tests.finding_cases.exchanges import RINGING, accepted, prack, reliable, repeated
from tests.finding_cases.plain import INVITE, again
from tests.found import found, frames, ids
from tests.stories import ANSWER, B, Story, report, response


def told(story: Story) -> set[str]:
    """What is said of PRACKs."""
    return ids(report(story)) & {"prack-missing", "prack-ignored"}


def test_a_response_without_any_prack_is_cited_with_its_repeats() -> None:
    (one,) = found(RINGING, "prack-missing")
    assert (one.severity, one.what) == ("warning", "no PRACK to 183 Session Progress to INVITE (RSeq 1), sent 5 times")
    assert frames(one) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (prack(220, "2 1 INVITE"), "its RAck is '2 1 INVITE' and not '1 1 INVITE'"),
        (prack(220, "1 7 INVITE"), "its RAck is '1 7 INVITE' and not '1 1 INVITE'"),
        (prack(220, "1"), "its RAck is '1' and not '1 1 INVITE'"),
        (prack(220, tag="9"), "its To tag is '9' and not '2'"),
    ],
)
def test_a_prack_that_does_not_fit_is_named(sent: tuple[float, object, object, bytes], said: str) -> None:
    (one,) = found([*RINGING, sent], "prack-missing")  # type: ignore[list-item]
    assert one.what.endswith(f"; a PRACK does not fit: {said}")


def test_the_prack_of_another_fork_does_not_acknowledge_this_one() -> None:
    story = [INVITE, reliable(200, 1, tag="2"), *repeated(reliable(210, 7, tag="3")), prack(220), accepted(240)]
    (one,) = found([*story, prack(260, "7 1 INVITE", 3), accepted(280, 3, 481)], "prack-missing")
    assert "(RSeq 7)" in one.what and "its To tag is '2' and not '3'" in one.what


@pytest.mark.parametrize(
    "story",
    [
        [INVITE, reliable(200), response(9000, 200, "OK", body=ANSWER)],
        [INVITE, *repeated(reliable(200), 1)],
        [INVITE, *repeated(response(200, 183, "Session Progress"))],
        [INVITE, *repeated(response(200, 183, "Session Progress", "INVITE", "RSeq: 1"))],
        [each for each in RINGING if each[1] == B],
        [INVITE, reliable(200), *again(reliable(200), 203, 206, 209)],
        [INVITE, reliable(200, 1), prack(210), accepted(220), reliable(300, 2), prack(310, "2 1 INVITE", 3)],
    ],
)
def test_nothing_is_said_of_what_is_not_repeated_or_not_reliable_or_acknowledged(story: Story) -> None:
    assert not told(story)


def test_repeats_after_the_answer_to_the_prack_say_that_it_was_ignored() -> None:
    (one,) = found([*RINGING, prack(220), accepted(240)], "prack-ignored")
    assert one.what == "183 Session Progress to INVITE (RSeq 1) was sent 4 more times after 200 OK to PRACK"
    assert len(one.places) == 5 and one.time == pytest.approx(0.7)


@pytest.mark.parametrize(
    "story",
    [
        # It crossed the answer.
        [INVITE, reliable(200), prack(690), accepted(695), *again(reliable(200), 700)],
        # It was refused.
        [*RINGING, prack(220), accepted(240, status=481)],
        # It was not answered.
        [*RINGING, prack(220)],
    ],
)
def test_a_prack_that_was_not_accepted_before_is_not_ignored(story: Story) -> None:
    assert not told(story)
