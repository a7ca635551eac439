"""When a source dropped frames: between the looks in which the count grew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dissectors.sources.interface import holes
from dissectors.sources.interface.source import Hole

SECOND = 1_000_000_000


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""
    now = [0]
    monkeypatch.setattr(holes.time, "time_ns", lambda: now[0])

    def put(seconds: float) -> None:
        now[0] = int(seconds * SECOND)

    return put


def test_a_hole_is_the_time_between_two_looks_in_which_the_count_grew(at: Callable[[float], None]) -> None:
    one = holes.Holes()
    for seconds, dropped, came in ((1, 0, 10), (2, 0, 20), (5, 7, 25), (6, 7, 40)):
        at(seconds)
        one.look(dropped, came)
    assert one.found == (Hole(2 * SECOND, 5 * SECOND, 7, 5),)


def test_holes_that_are_near_to_one_another_are_one_and_others_are_not(at: Callable[[float], None]) -> None:
    one = holes.Holes()
    for seconds, dropped in ((1.0, 1), (1.5, 2), (9.0, 2), (10.0, 5)):
        at(seconds)
        one.look(dropped, 0)
    assert [(each.since, each.until, each.dropped) for each in one.found] == [
        (0, 1_500_000_000, 2), (9 * SECOND, 10 * SECOND, 3),
    ]


def test_what_had_come_before_it_was_dropped_begins_a_hole_earlier(at: Callable[[float], None]) -> None:
    one = holes.Holes()
    at(5)
    one.look(0, 0)
    at(6)
    one.look(3, 0, since=2 * SECOND)
    assert one.found == (Hole(2 * SECOND, 6 * SECOND, 3, 0),)


def test_there_are_only_so_many_and_they_count_all(at: Callable[[float], None]) -> None:
    one = holes.Holes()
    for number in range(200):
        at(10 * number)
        one.look(number, 0)
        at(10 * number + 5)
        one.look(number, 0)
    assert len(one.found) == holes.MAX_HOLES and sum(each.dropped for each in one.found) == 199
