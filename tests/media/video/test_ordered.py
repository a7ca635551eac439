"""Datagrams in the order of their numbers, and which frames are whole."""

from __future__ import annotations

import pytest

from dissectors.media.video import ordered
from dissectors.media.video.ordered import Ordered

Told = tuple[int, int, bool]
"""A sequence number, a timestamp, the marker."""

FRAMES = [(1, 0, False), (2, 0, True), (3, 9, False), (4, 9, False), (5, 9, True), (6, 18, True)]


def gathered(*told: Told, one: Ordered | None = None) -> list[tuple[list[int], bool, bool]]:
    one = one or Ordered()
    found = [each for sequence, timestamp, marker in told
             for each in one.add(sequence % 65536, timestamp, 0, marker, b"x")]
    return [([part.number % 65536 for part in each.parts], each.whole, each.surely) for each in [*found, *one.finish()]]


def test_frames_are_what_has_one_timestamp() -> None:
    assert gathered(*FRAMES) == [([1, 2], True, False), ([3, 4, 5], True, True), ([6], True, True)]


def test_what_comes_in_another_order_or_twice_is_put_right() -> None:
    one = Ordered()
    mixed = [FRAMES[at] for at in (0, 2, 1, 1, 4, 5, 3)]
    assert gathered(*mixed, one=one) == gathered(*FRAMES) and (one.late, one.missing) == (1, 0)


def test_numbers_begin_again() -> None:
    moved = [(sequence + 65532, timestamp, marker) for sequence, timestamp, marker in FRAMES]
    assert [each[1:] for each in gathered(*moved)] == [each[1:] for each in gathered(*FRAMES)]


@pytest.mark.parametrize(
    ("missing", "whole"),
    [(4, [(True, False), (False, True), (True, True)]), (5, [(True, False), (False, True), (True, False)]),
     (3, [(True, False), (True, False), (True, True)]), (2, [(False, False), (True, False), (True, True)])],
)
def test_a_frame_with_a_gap_is_not_whole(missing: int, whole: list[tuple[bool, bool]]) -> None:
    one = Ordered()
    assert [each[1:] for each in gathered(*(each for each in FRAMES if each[0] != missing), one=one)] == whole
    assert one.missing == 1


def test_what_is_missing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "MAX_WAITING", 3)
    one = Ordered()
    told = [(sequence, 9 * sequence, True) for sequence in (1, 3, 4, 5, 6)]
    found = [each for step in told for each in one.add(*step[:2], 0, True, b"x")]
    assert len(found) == 5 and [*one.add(2, 18, 0, True, b"x")] == [] and one.late == 1


def test_a_stream_that_goes_on_elsewhere_begins_again() -> None:
    one = Ordered()
    assert len(gathered((1, 0, True), (30000, 9, True), (30001, 18, True), one=one)) == 3 and not one.missing


def test_a_frame_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "MAX_PARTS", 4)
    ((parts, whole, _),) = gathered(*((sequence, 0, False) for sequence in range(9)))
    assert len(parts) == 4 and not whole
