"""What waits for an answer is bounded."""

from __future__ import annotations

from dissectors.limits.budget import Bounds
from dissectors.limits.pending import Pending


def test_what_waits_longest_gives_way_and_counts_only_while_it_could_be_answered() -> None:
    bounds = Bounds()
    waiting: Pending[str] = Pending("requests", 2, 100, bounds)
    for time, key in ((0, "a"), (1, "b"), (2, "c")):
        waiting.wait(key, time, key)
    assert list(waiting) == ["b", "c"] and bounds.hits == {"requests": 1}
    waiting.wait("d", 500, "d")
    waiting.wait("e", 501, "e")
    assert "b" not in waiting and bounds.hits == {"requests": 1}
    assert waiting.wait_new("e", 502, "again") is False and waiting["e"] == (501, "e")
