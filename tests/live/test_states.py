"""The states of calls: every outcome has one, and what was open when all was read is over."""

from __future__ import annotations

from typing import get_args

import pytest

from dissectors import offline
from dissectors.live.states import STATES, Course, State, state_of
from dissectors.report import Call, CallOutcome
from dissectors.wire.values import replace
from tests.sessions import CALL


def call(outcome: CallOutcome, **values: object) -> Call:
    return replace(offline.analyze([str(CALL)]).calls[0], outcome=outcome, **values)


def test_every_outcome_has_a_state() -> None:
    assert set(STATES) == set(get_args(CallOutcome))


@pytest.mark.parametrize(("outcome", "ringing", "going", "left"), [
    ("ringing", None, State.CALLING, State.LEFT_CALLING), ("ringing", 1.0, State.RINGING, State.LEFT_RINGING),
    ("established", 1.0, State.ANSWERED, State.LEFT_OPEN), ("ended", 1.0, State.ENDED, State.ENDED),
    ("unanswered", 1.0, State.UNANSWERED, State.UNANSWERED),
])
def test_a_call_that_was_open_when_all_was_read_is_over(
    outcome: CallOutcome, ringing: float | None, going: State, left: State
) -> None:
    one = call(outcome, ringing=ringing)
    assert (state_of(one), state_of(one, whole=True)) == (going, left)
    assert left.course is not Course.GOING


def test_what_was_refused_says_with_which_status() -> None:
    assert State.REJECTED.said(486) == "rejected 486" and State.REJECTED.said(None) == "rejected"
    assert State.CANCELLED.said(487) == "cancelled"


def test_an_answered_request_that_is_no_call_is_not_open() -> None:
    assert state_of(call("answered", kind="options"), whole=True) is State.ANSWERED
