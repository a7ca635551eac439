"""What counters remember of moments: jumps, surprises, pauses, rhythms, and where things happened first."""

from __future__ import annotations

from dissectors.mux.counters import MAX_LEAPS, MAX_PAUSES, MAX_SURPRISES, Counters
from dissectors.mux.marks import MAX_RHYTHMS, Pause, Rhythm, among_largest, with_rhythm
from tests.made import rtp

NOWHERE = (0, 0)


def counted(stamps: list[int], times: list[float] | None = None, numbers: list[int] | None = None) -> Counters:
    """Counters of a stream with these timestamps, in milliseconds from 0 on, 20 apart unless told."""
    counters = Counters(1, 0)
    for n, stamp in enumerate(stamps):
        time = 20.0 * n if times is None else times[n]
        number = n if numbers is None else numbers[n]
        counters.update(int(time * 1e6), (0, n + 1), rtp(number & 0xFFFF, timestamp=stamp & 0xFFFFFFFF), 72)
    return counters


def test_the_largest_are_kept_in_the_order_in_which_they_came() -> None:
    kept: tuple[Pause, ...] = ()
    for size in (5, 1, 9, 3, 7):
        kept = among_largest(kept, Pause(size, size, NOWHERE, 0, 1), 3)
    assert [each.size for each in kept] == [5, 9, 7]


def test_a_rhythm_that_comes_back_goes_on_and_their_number_is_bounded() -> None:
    kept = with_rhythm((Rhythm(160, 0, 10, 30, NOWHERE),), Rhythm(160, 20, 30, 40, (0, 9)))
    assert kept == (Rhythm(160, 0, 30, 70, NOWHERE),)
    for step in range(100):
        kept = with_rhythm(kept, Rhythm(step, 0, 0, 25, NOWHERE))
    assert len(kept) == MAX_RHYTHMS


def test_a_timestamp_of_zero_among_others_is_two_jumps_and_the_line_goes_on() -> None:
    stamps = [500_000 + 160 * n for n in range(300)]
    stamps[200] = 0
    counters = counted(stamps)
    assert counters.jumps == 2 and counters.samples == 300
    assert [(each.frame[1], each.timestamp, each.step) for each in counters.leaps] == [
        (201, 0, -(500_000 + 160 * 199)), (202, stamps[201], stamps[201])
    ]
    assert counters.jitter[0] < 1


def test_a_jump_that_goes_through_the_wrap_has_its_direction() -> None:
    ahead = counted([160 * n for n in range(200)] + [0xFFFF_0000 + 160 * n for n in range(100)])
    (leap,) = ahead.leaps
    assert leap.step == 0xFFFF_0000 - (1 << 32) - 160 * 199 and leap.frame == (0, 201)


def test_jumps_before_any_pace_is_known_begin_the_line_anew() -> None:
    counters = counted([0, *(3_000_000 + 160 * n for n in range(100))])
    assert counters.jumps == 1 and counters.origin == 20_000_000 and counters.samples == 100


def test_what_a_queue_held_up_and_dropped_is_no_jump() -> None:
    numbers = [*range(200), *range(200, 205), *range(300, 400)]
    times = [20.0 * n if n < 200 else 6000 + 0.1 * (n - 200) if n < 300 else 20.0 * n for n in numbers]
    counters = counted([160 * n for n in numbers], times, numbers)
    assert counters.jumps == 0 and counters.surprises


def test_a_pause_that_timestamps_do_not_show_is_the_greatest_surprise() -> None:
    times = [20.0 * n + 70 * (n >= 150) for n in range(300)]
    (surprise,) = counted([160 * n for n in range(300)], times).surprises
    assert surprise.frame == (0, 151) and round(surprise.size) == -560


def test_pictures_and_late_datagrams_are_no_jumps() -> None:
    stamps = [n // 4 * 3000 for n in range(400)]
    assert counted(stamps, [n * 8.25 for n in range(400)]).jumps == 0
    order = [*range(150), 160, *range(150, 160), *range(161, 300)]
    late = counted([160 * n for n in order], None, order)
    assert late.jumps == 0 and late.first_late == (20 * 151 * 1_000_000, (0, 152))


def test_rhythms_say_when_a_sender_changed_its_frames() -> None:
    stamps = [320 * n for n in range(50)]
    stamps += [stamps[-1] + 160 * (n + 1) for n in range(60)]
    times = [40.0 * n for n in range(50)] + [1960 + 20.0 * (n + 1) for n in range(60)]
    counters = counted(stamps, times)
    assert counters.rhythms == (Rhythm(320, 40_000_000, 1_960_000_000, 49, (0, 2)),)
    assert (counters.beat_step, counters.beat_from, counters.beat_frame) == (160, 0, (0, 51))


def test_losses_pauses_and_repeats_are_remembered_with_their_frames() -> None:
    numbers = [0, 1, 2, 5, 6, 20, 21, 21, 22]
    times = [20.0, 40, 60, 80, 100, 1200, 1220, 1230, 1240]
    counters = counted([160 * n for n in numbers], times, numbers)
    assert counters.worst_loss == (13, 1_200_000_000, (0, 6))
    assert counters.pauses == (Pause(1_100_000_000, 1_200_000_000, (0, 6), 14 * 160, 14),)
    assert counters.first_twice == (1_230_000_000, (0, 8))


def test_datagrams_that_come_together_are_counted() -> None:
    counters = counted([160 * n for n in range(90)], [60.0 * (n // 3) for n in range(90)])
    assert counters.close == 60


def test_few_of_each_are_kept() -> None:
    stamps = [160 * n + 4_000_000 * (n % 2) for n in range(200)]
    times = [20.0 * n + 2000 * (n // 10) + 40 * (n % 7) for n in range(200)]
    counters = counted(stamps, times)
    assert counters.jumps > MAX_LEAPS == len(counters.leaps)
    assert len(counters.pauses) == MAX_PAUSES
    assert len(counted([160 * n for n in range(900)], times * 4 + times[:100]).surprises) <= MAX_SURPRISES
