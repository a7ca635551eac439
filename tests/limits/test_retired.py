"""Names that were let go: those of many calls are known when they come back, and the oldest are forgotten."""

from __future__ import annotations

import pytest

from dissectors.limits import retired
from dissectors.limits.budget import Bounds


def test_of_names_that_were_let_go_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retired, "SETS", 1)
    bounds = Bounds()
    names = retired.RecentlyRetired("names", bounds)
    assert not names.number("0")
    for number in (*range(16), 0, *range(16, 20)):
        names.add(str(number), number + 1)
    assert [names.number(str(number)) for number in range(20)] == [1, 0, 0, 0, 0, *range(6, 21)]
    assert bounds.hits == {"names": 4}


def test_a_capture_of_many_calls_finds_room_for_their_names() -> None:
    bounds = Bounds()
    names = retired.RecentlyRetired("names", bounds)
    for number in range(50_000):
        names.add(f"{number}@192.0.2.1", number + 1)
    assert not bounds.hits
    assert all(names.number(f"{number}@192.0.2.1") == number + 1 for number in range(0, 50_000, 1000))
    assert not any(names.number(f"{number}@192.0.2.1") for number in range(50_000, 60_000))
