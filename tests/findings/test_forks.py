"""Media of phones that rang and were not the one to answer."""

from __future__ import annotations

import pytest

from tests.finding_cases.forks import OTHER, forked
from tests.found import found
from tests.stories import A, hung_up, talk

ID = "fork-still-sends"


def test_who_goes_on_after_another_was_accepted_is_named_with_how_long() -> None:
    (told,) = found([*forked(), *talk(OTHER, A, 79, start=400, seconds=10), *hung_up()], ID)
    assert "203.0.113.3 to 198.51.100.1: goes on for 9.4 s after another phone was accepted" in told.what
    assert (told.severity, told.certainty) == ("warning", "high")


def test_who_begins_after_another_was_accepted_is_named_too() -> None:
    (told,) = found([*forked(), *talk(OTHER, A, 79, start=3000, seconds=5), *hung_up()], ID)
    assert "sends 250 packets although another was accepted" in told.what


@pytest.mark.parametrize(("start", "seconds"), [(400, 0.6), (400, 2.5), (3000, 1)])
def test_what_crosses_the_answer_is_nothing(start: float, seconds: float) -> None:
    assert not found([*forked(), *talk(OTHER, A, 79, start=start, seconds=seconds), *hung_up()], ID)


def test_a_server_that_announces_for_two_branches_may_go_on() -> None:
    assert not found([*forked(OTHER), *talk(OTHER, A, 79, start=400, seconds=10), *hung_up()], ID)
