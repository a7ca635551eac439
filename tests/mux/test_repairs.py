"""Which payloads begin with numbers of datagrams that are sent again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.mux.repairs import LEAST_STEP, MOST_REPEATED_SHARE, MOST_STEP, PROBED_DATAGRAMS, looks_numbered
from tests.made import rtp


@pytest.mark.parametrize(
    "numbers",
    [
        [20, 45, 70, 95, 120, 145, 170, 195],
        [65_000, 65_400, 200, 201, 202, 1000, 1001, 1400],
        [20, 20, 45, 45, 70, 70, 95, 95],
        [300, 280, 281, 400, 390, 500, 501, 502],
        [7],
    ],
)
def test_numbers_advance_in_order_repeated_and_around_their_end(numbers: list[int]) -> None:
    assert looks_numbered(numbers)


@pytest.mark.parametrize(
    "numbers",
    [
        [0x9080] * 8,
        [0x7C85, 0x7C05, 0x7C05, 0x7C45, 0x7C85, 0x7C05, 0x7C05, 0x7C45],
        [random.Random(1).randrange(65_536) for _ in range(8)],
        [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE],
    ],
)
def test_what_codecs_and_ciphers_begin_with_does_not(numbers: list[int]) -> None:
    assert not looks_numbered(numbers)


@given(st.lists(st.integers(0, 0xFFFF) | st.integers(65_500, 65_535) | st.integers(0, 60), max_size=12))
def test_numbers_that_leap_once_are_none_however_the_others_advance(numbers: list[int]) -> None:
    steps = [(after - before + 0x8000 & 0xFFFF) - 0x8000 for before, after in zip(numbers, numbers[1:], strict=False)]
    even = all(LEAST_STEP < step < MOST_STEP for step in steps)
    assert looks_numbered(numbers) == (even and steps.count(0) <= MOST_REPEATED_SHARE * len(steps))


@given(st.lists(
    st.integers(0, 0xFFFF) | st.integers(65_500, 65_535) | st.integers(0, 60) | st.just(7),
    min_size=PROBED_DATAGRAMS, max_size=PROBED_DATAGRAMS,
))
def test_compiled_counters_go_on_looking_at_the_same_numbers(numbers: list[int]) -> None:
    counters = pytest.importorskip("dissectors.mux.compiled.scan").Counters(1, 0)
    for sequence, number in enumerate(numbers):
        counters.update(sequence, (0, sequence), rtp(sequence)[:12] + number.to_bytes(2, "big"), 14)
    assert counters.probing == looks_numbered(numbers)
