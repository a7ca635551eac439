"""What waits for the disk is kept in order, in memory and then in a file, within its bound."""

from __future__ import annotations

import os
import random
from collections import deque

import pytest

from dissectors.sources.interface import backlog
from dissectors.sources.interface.backlog import Backlog, Block


def test_the_backlog_gives_what_it_got_in_order_through_memory_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MAX_MEMORY_OCTETS", 1 << 20)
    ours, block = Backlog(4 << 20), bytes(1 << 18)
    rounds = [[(i % 3, bytes([i]) + block), (1, bytes([i, i]))] for i in range(12)]
    assert all(ours.put(one) for one in rounds[:10])
    assert [ours.get() for _ in range(5)] == rounds[:5]
    assert all(ours.put(one) for one in rounds[10:])
    assert [ours.get() for _ in range(7)] == rounds[5:]
    assert ours.get() == [] and ours.octets == 0
    ours.close()


def test_the_file_of_the_backlog_does_not_grow_while_it_is_never_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MAX_MEMORY_OCTETS", 100)
    chance = random.Random(7)
    made, waiting = Backlog(4000), deque[list[Block]]()
    for number in range(2000):
        blocks = [(i, number.to_bytes(2, "big") * chance.randrange(1, 300)) for i in range(chance.randrange(1, 4))]
        if made.put(blocks):
            waiting.append(blocks)
        while len(waiting) > 2:
            assert made.get() == waiting.popleft()
        assert os.fstat(made._file.fileno()).st_size <= 4000
    assert [made.get() for _ in range(len(waiting))] == [*waiting]
    assert made.octets == 0 and os.fstat(made._file.fileno()).st_size == 0
    made.close()


def test_the_backlog_refuses_what_is_over_its_bound() -> None:
    ours = Backlog(100)
    assert ours.put([(0, bytes(60))])
    assert not ours.put([(0, bytes(60))])
    assert ours.get() == [(0, bytes(60))]
    assert ours.put([(0, bytes(60))])
    ours.close()
