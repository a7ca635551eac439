"""What waits for an answer is bounded."""

from __future__ import annotations

import random

import pytest

from dissectors.limits.budget import Bounds
from dissectors.limits.pending import Pending


def test_what_waits_longest_gives_way_and_counts_only_while_it_could_be_answered() -> None:
    bounds = Bounds()
    waiting = Pending("requests", 2, 100, bounds)
    for time, key in ((0, "a"), (1, "b"), (2, "c")):
        waiting.wait(key, time, key)
    assert waiting.get("a") is None and len(waiting) == 2 and bounds.hits == {"requests": 1}
    waiting.wait("d", 500, "d")
    waiting.wait("e", 501, "e")
    assert waiting.get("b") is None and bounds.hits == {"requests": 1}
    assert waiting.wait_new("e", 502, "again") is False and waiting.get("e") == (501, "e", "e")


def test_what_is_cleared_waits_anew() -> None:
    waiting = Pending("requests", 3, 100)
    for number in range(200):
        waiting.wait(number, number, "")
    waiting.clear()
    assert len(waiting) == 0 and waiting.get(199) is None
    assert waiting.wait_new(199, 300, "again") and waiting.take(199) == (300, "again", 199)


class Slowly:
    """The same, looked up one by one."""

    def __init__(self, limit: int, timeout: int) -> None:
        self.waiting: list[tuple[int, object, object]] = []
        self.limit, self.timeout, self.given_up, self.due = limit, timeout, 0, 0

    def wait_new(self, key: object, time: int, value: object) -> bool:
        if self.find(key):
            return False
        if len(self.waiting) >= self.limit:
            self.given_up += time - self.waiting.pop(0)[0] < self.timeout
        self.waiting.append((time, value, key))
        if time >= self.due:
            if time - self.waiting[0][0] >= self.timeout:
                del self.waiting[0]
            self.due = (self.waiting[0][0] if self.waiting else time) + self.timeout
        return True

    def wait(self, key: object, time: int, value: object) -> bool:
        if found := self.find(key):
            self.waiting.remove(found)
            self.waiting.append((time, value, key))
        return found is None and self.wait_new(key, time, value)

    def find(self, key: object) -> tuple[int, object, object] | None:
        return next((each for each in self.waiting if each[2] == key), None)


@pytest.mark.parametrize("limit, keys", [(1, 3), (5, 12), (40, 60), (500, 400)])
def test_any_order_of_waiting_and_leaving_is_as_in_a_list(limit: int, keys: int) -> None:
    chance, bounds, time = random.Random(limit), Bounds(), 0
    waiting, model = Pending("requests", limit, 90, bounds), Slowly(limit, 90)
    for number in range(6000):
        time += chance.choice((0, 1, 1, 2, -3, 1, 120 if number % 50 == 0 else 1))
        key = chance.randrange(keys)
        if chance.random() < 0.3:
            assert waiting.take(key) == model.find(key)
            model.waiting = [each for each in model.waiting if each[2] != key]
        elif chance.random() < 0.3:
            waiting.wait(key, time, number)
            model.wait(key, time, number)
        else:
            assert waiting.wait_new(key, time, number) is model.wait_new(key, time, number)
        assert waiting.get(key) == model.find(key) and len(waiting) == len(model.waiting)
    assert [waiting.get(key) for key in range(keys)] == [model.find(key) for key in range(keys)]
    assert bounds.hits["requests"] == model.given_up
