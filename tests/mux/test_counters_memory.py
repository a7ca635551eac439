"""What an open stream takes in memory: what few streams need is there with the first of it that happens."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest

from dissectors.mux.scan import Scanner
from dissectors.wire.captures.records import Record
from tests.made import Sent, records, rtp

compiled = pytest.importorskip("dissectors.mux.compiled.scan", exc_type=ImportError)

STREAMS = 200
MOST_OCTETS = 2048
"""For a stream of eleven datagrams on a flow of its own, with the flow."""


def steady(streams: int, sequences: Sequence[int]) -> Iterator[Sent]:
    """Streams that take turns, each on a flow of its own."""
    for sequence in sequences:
        for number in range(streams):
            yield (f"10.0.{number >> 8}.{number & 0xFF}", 16_402), ("10.9.9.9", 16_404), rtp(sequence, 0x20000 + number)


def held(taken: list[tuple[int, Record]]) -> tuple[Scanner, int]:
    """A scan of some records, and what it holds afterwards."""
    gc.collect()
    tracemalloc.start()
    try:
        scanner = compiled.Scanner()
        for batch in scanner.scan(taken):
            del batch
        scanner.finish()
        gc.collect()
        return scanner, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_stream_to_which_nothing_happens_takes_little() -> None:
    few, many = ([*records(steady(size, range(11)), every=1)] for size in (10, 10 + STREAMS))
    held(few)
    (_, little), (scanner, much) = held(few), held(many)
    assert len([*scanner.streams]) == 10 + STREAMS
    assert (much - little) / STREAMS < MOST_OCTETS


def test_what_seldom_happens_is_told_all_the_same() -> None:
    scanner, _ = held([*records(steady(1, [*range(30), 31, 30, 31, 40, *range(50, 60)]))])
    (stream,) = scanner.streams
    assert [hole.numbers for hole in stream.holes] == [1, 8, 9]
    assert [late.sequence for late in stream.late] == [30]
    assert stream.worst_loss[0] == 9
    assert stream.first_late is not None
    assert stream.first_twice is not None
