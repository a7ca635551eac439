"""Octets of one direction in order, however its segments come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.wire.tcp import KEPT_OCTETS, MAX_DISTANCE, MAX_WAITING_SEGMENTS, ORIGIN_OCTETS, Direction, Origin

TEXT = bytes(range(256)) * 8
FIRST = 0xFFFF_FF80


def origin(number: int) -> Origin:
    return Origin(number, 0, number, number, 0)


def opened() -> Direction:
    direction = Direction()
    direction.open(FIRST - 1)
    return direction


def put(direction: Direction, number: int, begin: int, end: int, octets: bytes = TEXT) -> bool:
    return direction.take(FIRST + begin & 0xFFFFFFFF, octets[begin:end], origin(number))


def test_segments_in_order_give_their_octets_across_the_wrap() -> None:
    direction = opened()
    assert put(direction, 1, 0, 100) and put(direction, 2, 100, 300)
    assert direction.peek() == TEXT[:300]


def test_what_was_read_belongs_to_the_segment_that_came_last() -> None:
    direction = opened()
    assert not put(direction, 1, 100, 200)
    assert put(direction, 2, 0, 100) and put(direction, 3, 200, 300)
    assert [direction.read(octets).number for octets in (50, 100, 50, 100)] == [2, 2, 1, 3]


def test_the_first_octets_win_and_those_that_differ_are_counted() -> None:
    direction, others = opened(), bytes(2048)
    put(direction, 1, 0, 50)
    put(direction, 2, 100, 150)
    put(direction, 3, 40, 160, others)
    assert direction.peek() == TEXT[:50] + others[50:100] + TEXT[100:150] + others[150:160]
    assert direction.differing == 60


def test_one_octet_that_keeps_a_connection_alive_says_nothing() -> None:
    direction = opened()
    put(direction, 1, 0, 50)
    put(direction, 2, 49, 50, bytes(2048))
    assert direction.differing == 0 and direction.peek() == TEXT[:50]


def test_a_hole_is_skipped_with_what_is_missing() -> None:
    direction = opened()
    put(direction, 1, 0, 50)
    put(direction, 2, 80, 90)
    put(direction, 3, 90, 120)
    assert direction.skip() == (30, origin(2))
    assert direction.peek() == TEXT[80:120] and not direction.waiting and not direction.waiting_octets


def test_what_waits_says_when_it_is_too_much() -> None:
    direction = opened()
    for number in range(MAX_WAITING_SEGMENTS + 1):
        assert not direction.overflows()
        put(direction, number, 2 + 2 * number, 3 + 2 * number)
    assert direction.overflows()


def test_what_is_far_away_is_no_part_of_it() -> None:
    direction = opened()
    assert not direction.take(FIRST + MAX_DISTANCE + 1 & 0xFFFFFFFF, b"far", origin(1))
    assert not direction.waiting


def test_what_was_read_is_let_go() -> None:
    direction = opened()
    for number in range(40):
        assert put(direction, number, 2048 * number, 2048 * number + 2048, TEXT * 40)
        direction.read(direction.unread)
    assert len(direction.held) <= 2 * KEPT_OCTETS + len(TEXT)


@given(st.data())
def test_segments_cut_anywhere_and_in_any_order_give_the_same_octets(data: st.DataObject) -> None:
    edges = sorted({0, len(TEXT), *data.draw(st.lists(st.integers(1, len(TEXT) - 1), max_size=12))})
    parts = list(zip(edges, edges[1:], strict=False))
    again = data.draw(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 400)), max_size=6))
    parts += [(begin, min(begin + size, len(TEXT))) for begin, size in again]
    direction = opened()
    for number, (begin, end) in enumerate(data.draw(st.permutations(parts))):
        put(direction, number, begin, end)
    assert direction.peek() == TEXT and not direction.waiting and not direction.differing


def test_what_comes_again_is_compared_with_no_more_than_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    monkeypatch.setattr(Direction, "_compare", lambda _, new, known: compared.append(len(known.octets)))
    direction = opened()
    put(direction, 1, 0, 2000)
    put(direction, 2, 1900, 1910)
    put(direction, 3, 1990, 2010)
    assert compared == [10, 10]


def test_octets_that_come_one_by_one_weigh_more_than_octets() -> None:
    whole, single = opened(), opened()
    put(whole, 1, 0, 1000)
    for number in range(1000):
        put(single, number, number, number + 1)
    assert whole.weight == 1000 + ORIGIN_OCTETS and single.weight == 1000 + 1000 * ORIGIN_OCTETS
    single.read(1000)
    assert single.weight == 1000


def test_a_syn_that_comes_behind_its_first_octets_is_known() -> None:
    direction = Direction()
    assert not direction.follows(FIRST - 1)
    put(direction, 1, 0, 100)
    assert direction.follows(FIRST - 1) and not direction.follows(FIRST) and not direction.follows(FIRST + 99)


def test_a_segment_ends_behind_its_last_octet() -> None:
    direction = opened()
    put(direction, 1, 0, 100)
    put(direction, 2, 100, 150)
    direction.read(40)
    assert [direction.end_of_segment(size) for size in (1, 60, 61, 110)] == [60, 60, 110, 110]


@given(st.lists(st.lists(st.integers(1, 3 * KEPT_OCTETS), min_size=1, max_size=5), max_size=6))
def test_what_is_stepped_over_is_kept_as_if_it_had_been_read(segments: list[list[int]]) -> None:
    stepped, read = opened(), opened()
    place = 0
    for number, sizes in enumerate(segments):
        octets = bytes([number + 1]) * sum(sizes)
        before = stepped.weight
        more = stepped.step_over(octets, sizes)
        assert stepped.weight == before + more
        for size in sizes:
            read.take(FIRST + place, octets[:size], origin(number))
            read.read(size)
            place += size
        assert (stepped.held, stepped.at, stepped.end) == (read.held, read.at, read.end)
