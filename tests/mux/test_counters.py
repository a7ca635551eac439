"""The counters of one RTP stream: RFC 3550 appendix A.1, A.3, A.8."""
from __future__ import annotations

import random

import pytest

from dissectors.mux.counters import CLOCKS, Counters
from tests.made import rtp


def counted(sequences: list[int], every: int = 20_000_000) -> Counters:
    counters = Counters(1, 0)
    for number, sequence in enumerate(sequences):
        counters.update(number * every, (0, number + 1), rtp(sequence), 72)
    return counters


@pytest.mark.parametrize(
    ("sequences", "lost", "duplicates", "reordered"),
    [
        ([1, 2, 3, 4], 0, 0, 0),
        ([1, 2, 4, 5], 1, 0, 0),
        ([1, 3, 2, 4], 0, 0, 1),
        ([2, 1, 3, 4], 0, 0, 1),
        ([1, 2, 2, 3], 0, 1, 0),
        ([1, 2, 3, 4, 2], 0, 1, 0),
        ([1, 3, 2, 2, 4], 0, 1, 1),
        ([65534, 65535, 0, 1], 0, 0, 0),
        ([65534, 1, 2], 2, 0, 0),
        ([65535, 1, 0, 2], 0, 0, 1),
        ([1, 2, 2000, 2001], 1997, 0, 0),
        ([1], 0, 0, 0),
        ([1, 2, 5, *range(6, 300), 3, 4, 300, 301], 0, 0, 2),
        ([1, 2, 5, *range(6, 300), 3, 300, 301], 1, 0, 1),
    ],
)
def test_lost_duplicates_and_reordered(sequences: list[int], lost: int, duplicates: int, reordered: int) -> None:
    counters = counted(sequences)
    assert (counters.lost, counters.duplicates, counters.reordered) == (lost, duplicates, reordered)


@pytest.mark.parametrize("build", ["interpreted", "compiled"])
@pytest.mark.parametrize(
    ("sent", "copies", "sent_twice"),
    [
        ([(1, 7), (1, 7), (2, 8), (2, 9)], 1, 1),
        ([(1, 7), (2, 8), (3, 9), (1, 7), (2, 10)], 1, 1),
        # What has no identification says nothing, nor does what came too long ago.
        ([(1, 0), (1, 0), (2, 7), (2, 0)], 0, 0),
        ([(n, n) for n in range(1, 18)] + [(1, 1), (2, 2)], 1, 0),
        ([(65535, 7), (0, 8), (65535, 7), (0, 1)], 1, 1),
    ],
)
def test_duplicates_are_copies_of_one_ip_packet_or_were_sent_twice(
    build: str, sent: list[tuple[int, int]], copies: int, sent_twice: int
) -> None:
    compiled = pytest.importorskip("dissectors.mux.compiled.scan") if build == "compiled" else None
    counters = compiled.Counters(1, 0) if compiled else Counters(1, 0)
    for number, (sequence, identification) in enumerate(sent):
        counters.update(20_000_000 * number, (0, number + 1), rtp(sequence), 72, identification)
    assert (counters.copies, counters.sent_twice) == (copies, sent_twice)


def test_a_sender_that_begins_anew_is_neither_loss_nor_reordering() -> None:
    counters = counted([1, 2, 3, 30000, 30001, 30002])
    assert (counters.lost, counters.reordered, counters.duplicates, counters.restarts) == (0, 0, 0, 1)


def test_a_step_far_back_is_a_new_beginning_too() -> None:
    counters = counted([*range(0, 400), *range(65400, 65420)])
    assert (counters.lost, counters.duplicates, counters.restarts) == (0, 0, 1)


def test_a_thousand_impaired_datagrams_are_counted_exactly() -> None:
    dice = random.Random(11)
    sent = list(range(60000, 61000))
    lost = set(dice.sample(sent[1:-1], 60))
    kept = [number for number in sent if number not in lost]
    late = sorted(dice.sample(range(5, len(kept) - 5), 20))
    late = [place for before, place in zip([0, *late], late, strict=False) if place - before > 2]
    for place in late:
        kept[place], kept[place + 1] = kept[place + 1], kept[place]
    twice = [kept[5], kept[300]]
    kept[310:310] = [twice[1]]
    kept[8:8] = [twice[0]]
    counters = counted([number & 0xFFFF for number in kept])
    assert (counters.lost, counters.reordered, counters.duplicates) == (60, len(late), 2)


def test_jitter_follows_the_formula_for_every_clock() -> None:
    times, stamps = [0, 25, 38, 60, 85], [0, 160, 320, 480, 640]
    counters = Counters(1, 0)
    for n, (time, stamp) in enumerate(zip(times, stamps, strict=True)):
        counters.update(time * 1_000_000, (0, n + 1), rtp(n, timestamp=stamp), 72)
    jitter = 0.0
    for before in range(4):
        transit = (times[before + 1] - times[before]) * 8 - (stamps[before + 1] - stamps[before])
        jitter += (abs(transit) - jitter) / 16
    assert counters.jitter[CLOCKS.index(8000)] == pytest.approx(jitter)


def test_a_wrapping_timestamp_does_not_disturb_jitter() -> None:
    counters = Counters(1, 0)
    for n in range(10):
        counters.update(n * 20_000_000, (0, n + 1), rtp(n, timestamp=(1 << 32) - 480 * 5 + 480 * n), 72)
    assert counters.maximum_jitter[CLOCKS.index(24000)] == pytest.approx(0)


def test_payload_types_are_kept_over_time() -> None:
    counters = Counters(1, 0)
    for n, payload_type in enumerate([104, 104, 106, 106, 106, 104]):
        counters.update(n * 20_000_000, (0, n + 1), rtp(n, payload_type=payload_type), 72)
    assert [(phase[0], phase[3]) for phase in counters.phases] == [(104, 2), (106, 3), (104, 1)]


def test_the_largest_gap_is_between_arrivals() -> None:
    counters = Counters(1, 0)
    for n, time in enumerate([0, 20, 40, 540, 560]):
        counters.update(time * 1_000_000, (0, n + 1), rtp(n), 72)
    assert counters.largest_gap == 500_000_000
