"""Registrations that last too short a time."""

from __future__ import annotations

import pytest

from tests.finding_cases.plain import NOTHING
from tests.finding_cases.within_calls import bound
from tests.found import found, frames
from tests.stories import A, B, Story, message, response

ID = "registration-expired"


def called(time: float, status: int = 480) -> Story:
    """Somebody calls the one who registered, and is refused."""
    invite = message("INVITE sip:a@x SIP/2.0", 1, "INVITE", call="other").replace(b"sip:b@x", b"sip:a@x")
    said = response(time + 20, status, "Said", call="other")
    return [(time, A, B, invite), (said[0], said[1], said[2], said[3].replace(b"sip:b@x", b"sip:a@x"))]


def test_a_binding_that_is_asked_for_too_late_is_told_with_both_times() -> None:
    (told,) = found([*bound(60), *bound(60, time=90_000, number=2)], ID)
    assert told.what == (
        "200 OK to REGISTER registered sip:a@198.51.100.1 for 60 s; it was asked for again 30.0 s after that time"
    )
    assert frames(told) == [2, 3] and (told.severity, told.certainty) == ("warning", "high")


def test_a_call_to_a_phone_whose_binding_is_over_explains_itself() -> None:
    (told,) = found([*bound(60), *called(180_000)], ID)
    assert told.what.endswith("nobody asked for it again; 120.0 s after that time 480 Said to INVITE came")
    assert frames(told) == [2, 4]


@pytest.mark.parametrize(
    "story",
    [
        [*bound(60), *NOTHING, *bound(60, time=65_000, number=2)],
        [*bound(60), *bound(0, wanted=0, time=90_000, number=2)],
        [*bound(60), *bound(0, wanted=0, time=50_000, number=2), *called(180_000)],
        [*bound(60), *called(50_000)],
        [*bound(60), *called(180_000, 486)],
        [*bound(3600), *called(180_000)],
        [*bound(60), *NOTHING, (200_000, B, A, b"\xff" * 20)],
        [bound(60)[0], response(20, 401, "Unauthorized", "REGISTER"), *bound(60, time=90_000, number=2)],
    ],
)
def test_a_binding_that_is_renewed_or_taken_away_or_asked_of_by_nobody_is_fine(story: Story) -> None:
    assert not found(story, ID)
