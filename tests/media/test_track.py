"""A datagram is laid to its timestamp; what nothing explains is not followed, and what is not there is silence."""

from __future__ import annotations

import pytest

from dissectors.media import track
from dissectors.media.track import Channel, TooLong, Track

FRAME = 160
MS = 1_000_000


def heard(*sent: tuple[int, int, int, int], zero: int = 0) -> tuple[list[int], Track]:
    """Where frames were laid that each sound as their value; sent are sequence, timestamp, milliseconds and value."""
    with Channel() as channel:
        one = Track(channel, 8000, zero)
        for sequence, timestamp, time, value in sent:
            one.add(sequence % 65536, timestamp % (1 << 32), time * MS, value.to_bytes(2, "little") * FRAME)
        octets = channel.read(0, channel.length)
        return [octets[at] for at in range(0, len(octets), 2 * FRAME)], one


def test_a_stream_begins_where_the_capture_says_and_goes_on_by_its_timestamps() -> None:
    places, one = heard((1, 0, 40, 1), (2, 160, 95, 2), (3, 320, 96, 3))
    assert places == [0, 0, 1, 2, 3] and not one.jumps


def test_lost_and_late_datagrams_leave_and_find_their_places() -> None:
    places, one = heard((1, 0, 0, 1), (2, 160, 20, 2), (5, 640, 80, 5), (4, 480, 81, 4), (6, 800, 100, 6))
    assert places == [1, 2, 0, 4, 5, 6] and not one.jumps


def test_counters_that_begin_again_are_followed() -> None:
    places, one = heard((65535, (1 << 32) - 160, 0, 1), (65536, 0, 20, 2), (65537, 160, 40, 3))
    assert places == [1, 2, 3] and not one.jumps


def test_a_pause_is_silence_and_a_jump_of_the_timestamp_is_not() -> None:
    pause, one = heard((1, 0, 0, 1), (2, 10 * 8000, 10_000, 2))
    assert len(pause) == 501 and pause[-1] == 2 and not one.jumps
    jump, one = heard((1, 0, 0, 1), (2, 1 << 30, 20, 2), (3, (1 << 30) + 160, 40, 3))
    assert jump == [1, 2, 3] and one.jumps == 1
    back, one = heard((1, 1 << 30, 0, 1), (2, 0, 20, 2), (3, 160, 40, 3))
    assert back == [1, 2, 3] and one.jumps == 1


def test_a_capture_that_runs_faster_than_its_media_keeps_their_length() -> None:
    places, one = heard(*((number, 160 * number, number, 1) for number in range(500)))
    assert len(places) == 500 and not one.jumps
    places, one = heard((1, 0, 0, 1), (1001, 160_000, 10, 2))
    assert len(places) == 1001 and not one.jumps


def test_a_time_that_was_rounded_costs_no_sample() -> None:
    with Channel() as channel:
        Track(channel, 8000, 1_700_000_000_000_000_128).add(1, 0, 1_700_000_000_000_000_000, b"\1\0" * 3)
        assert channel.read(0, channel.length) == b"\1\0" * 3


def test_what_is_before_the_beginning_is_left_out() -> None:
    places, _ = heard((2, 160, 0, 2), (1, 0, 1, 1), (3, 320, 20, 3))
    assert places == [2, 3]


def test_what_is_missing_is_known_until_it_comes() -> None:
    _, one = heard((1, 0, 0, 1), (2, 160, 20, 2), (5, 640, 80, 5), (6, 800, 100, 6))
    assert one.holes == [(2 * FRAME, 4 * FRAME)]
    _, one = heard((1, 0, 0, 1), (2, 160, 20, 2), (5, 640, 80, 5), (4, 480, 81, 4), (6, 800, 100, 6))
    assert one.holes == [(2 * FRAME, 3 * FRAME)]
    _, one = heard((1, 0, 0, 1), (3, 320, 40, 3), (2, 160, 41, 2), (4, 480, 60, 4))
    assert one.holes == []
    _, one = heard((1, 0, 0, 1), (2, 10 * 8000, 10_000, 2))
    assert one.holes == [], "a pause"


def test_more_than_a_file_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "MAX_SAMPLES", 5 * FRAME)
    with pytest.raises(TooLong):
        heard(*((number, 160 * number, 20 * number, 1) for number in range(6)))
