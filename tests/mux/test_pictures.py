"""Frames of a stream: by timestamp in the order of the numbers, their gaps, and those that lack something."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dissectors.mux.counters import Counters
from dissectors.mux.pictures import BLOCKS, FIRST_BLOCK, MAX_FREEZES, Pictures
from tests.stories import rtp

EVERY_NS = 33_333_333


def counted(numbers: Iterable[int], *, late: float = 0.0, size: int = 900, payload_type: int = 96) -> Counters:
    """The counters of pictures of three datagrams, thirty a second, that come by these numbers."""
    counters = Counters(1, 0)
    for n in numbers:
        payload = rtp(n, 1, payload_type, n // 3 * 3000, bytes(size), n % 3 == 2)
        counters.update(n // 3 * EVERY_NS + n % 3 * 100_000, (0, n + 1), payload, len(payload))
    return counters


def pictures(numbers: Iterable[int], **changes: int) -> Pictures:
    found = counted(numbers, **changes).pictures
    assert found is not None
    return found


def test_frames_without_a_marker_are_counted() -> None:
    assert pictures(range(300)).unmarked == 0
    assert pictures(n for n in range(300) if n % 9 != 8).unmarked == 33


def test_every_frame_is_counted_from_the_first_datagram_on() -> None:
    found = pictures(range(300))
    assert (found.frames, found.first, found.incomplete, found.largest) == (99, 0, 0, 3 * 912)
    assert found.interval == EVERY_NS and not found.frozen


def test_what_lacks_a_datagram_is_incomplete_and_what_comes_late_begins_no_frame() -> None:
    found = pictures(n for n in range(300) if n not in (31, 60, 92))
    assert (found.frames, found.incomplete) == (99, 3)
    late = [*range(40), *range(41, 60), 40, *range(60, 300), 299]
    found = pictures(late)
    assert (found.frames, found.incomplete) == (99, 1)


@pytest.mark.parametrize(
    ("missing", "incomplete"),
    [({92}, 1), ({93}, 1), ({91}, 1), ({92, 93}, 1), ({91, 92}, 1), ({92, 94}, 2), ({90, 91, 92}, 1)],
    ids=["marker", "beginning", "middle", "between", "end", "two holes", "all of one"],
)
def test_a_hole_makes_one_frame_incomplete(missing: set[int], incomplete: int) -> None:
    found = pictures(n for n in range(300) if n not in missing)
    assert found.incomplete == incomplete


def test_frames_of_one_datagram_are_counted_once_their_pace_is_that_of_video() -> None:
    counters = Counters(1, 0)
    for n in range(300):
        counters.update(n * EVERY_NS, (0, n + 1), rtp(n, 1, 96, 3000 * n, marker=True), 172)
    assert counters.pictures is not None
    assert (counters.pictures.frames, counters.pictures.first, counters.pictures.incomplete) == (299, 0, 0)
    sound = Counters(1, 0)
    for n in range(300):
        sound.update(n * 20_000_000, (0, n + 1), rtp(n, 1, 0, 160 * n), 172)
    assert sound.pictures is None


def test_a_pressed_key_is_no_picture() -> None:
    counters = Counters(1, 0)
    for n in range(50):
        counters.update(n * 20_000_000, (0, n + 1), rtp(n, 1, 101, 160, b"\1\x0a" + bytes(2)), 16)
    assert counters.pictures is None


def test_a_gap_far_beyond_the_usual_is_a_freeze_with_what_was_left_out() -> None:
    found = pictures(n for n in range(300) if not 120 <= n < 150)
    (freeze,) = found.freezes
    assert freeze.size == 11 * EVERY_NS and freeze.missing == 30 and freeze.step == 11 * 3000
    assert freeze.frame == (0, 151) and (found.frozen, found.frozen_ns) == (1, freeze.size)
    many = pictures(n for n in range(3000) if n % 150 < 120)
    assert len(many.freezes) == MAX_FREEZES and many.frozen > MAX_FREEZES


def test_a_sender_that_begins_anew_goes_on_having_frames() -> None:
    counters = counted([*range(3000, 3300)])
    before = counters.pictures and counters.pictures.frames
    for n in range(300):
        payload = rtp(n, 1, 96, (n // 3 + 5000) * 3000, bytes(900), n % 3 == 2)
        counters.update((1100 + n // 3) * EVERY_NS, (0, 9000 + n), payload, len(payload))
    assert counters.restarts == 1 and counters.pictures is not None and before is not None
    assert counters.pictures.frames >= before + 98


def test_a_number_with_two_timestamps_is_used_twice_and_a_copy_is_none() -> None:
    counters = Counters(1, 0)
    for n in range(60):
        stamps = (160 * n, 160 * n + 80) if n % 10 == 5 else (160 * n, 160 * n) if n % 10 == 7 else (160 * n,)
        for stamp in stamps:
            counters.update(n * 20_000_000, (0, n + 1), rtp(n, 1, 0, stamp), 172)
    assert counters.reused == 6 and counters.first_reused == (5 * 20_000_000, (0, 6))
    assert counters.duplicates == 12


def test_first_octets_that_may_be_payload_types_of_red_are_counted() -> None:
    counters = Counters(1, 0)
    for n in range(30):
        payload = rtp(n, 1, 116, n // 3 * 3000, bytes((117 if n % 3 == 2 else 96,)) + bytes(50))
        counters.update(n * EVERY_NS // 3, (0, n + 1), payload, len(payload))
    assert counters.pictures is not None
    blocks = counters.pictures.blocks
    assert len(blocks) == BLOCKS and (blocks[96 - FIRST_BLOCK], blocks[117 - FIRST_BLOCK]) == (20, 10)


@pytest.mark.parametrize("which", ["interpreted", "compiled"])
def test_a_datagram_that_came_twice_makes_no_picture(which: str) -> None:
    twin = Counters if which == "interpreted" else pytest.importorskip("dissectors.mux.compiled.scan").Counters
    counters = twin(1, 0)
    for number in (1, 2, 2, 3, 3, 4):
        counters.update(number * 20_000_000, (0, number), rtp(number, 1, 0, 160 * number), 172)
    assert counters.duplicates == 2 and counters.pictures is None
