"""What a jitter buffer would have played: by the fastest datagram, and what comes too late for it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dissectors.media.buffered import Buffer

MS = 1_000_000


def played(milliseconds: int, arrivals: Iterable[float]) -> list[bool]:
    """Of datagrams of 20 ms, which are played that come after so many milliseconds."""
    buffer = Buffer(milliseconds)
    return [buffer.plays(int(time * MS), 160 * number, 8000) for number, time in enumerate(arrivals)]


@pytest.mark.parametrize(("buffer", "late"), [(60, [False] * 4), (40, [False] * 4), (39, [False, False, True, False])])
def test_what_is_later_than_the_buffer_is_long_is_not_played(buffer: int, late: list[bool]) -> None:
    assert played(buffer, [0, 20, 80, 60]) == [not each for each in late]


def test_a_first_datagram_that_was_slow_makes_none_late_for_ever() -> None:
    assert played(30, [100, 20, 40, 60, 110]) == [True, True, True, True, True]
    assert played(30, [100, 20, 40, 60, 111]) == [True, True, True, True, False]


def test_clocks_that_run_apart_make_nothing_late() -> None:
    assert all(played(40, [20.02 * number for number in range(20_000)]))
    assert not all(played(40, [20 * number + (number > 9000) * 50 for number in range(9100)]))
    assert all(played(40, [20 * number + (number > 9000) * 50 for number in range(9600)])[9600 - 50 :])
