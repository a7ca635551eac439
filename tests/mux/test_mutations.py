"""Damaged captures end in a report or in one line: a few of the thousands that `tests.mutations` makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations import bases, mutation, trouble

HERE = Path(__file__).resolve().parents[1]
CAPTURES = bases([HERE / "data" / "captures", *sorted((HERE.parent / "pcaps").glob("*.pcap"))])


@pytest.mark.parametrize("seed", range(0, 240, 20))
def test_mutations_end_in_a_report_or_in_one_line(seed: int, tmp_path: Path) -> None:
    for each in range(seed, seed + 20):
        said, _ = trouble(mutation(each, CAPTURES), tmp_path / "mutation.pcap")
        assert not said, f"seed {each}: {said}"


def test_a_seed_always_stands_for_the_same_capture() -> None:
    assert mutation(7, CAPTURES) == mutation(7, CAPTURES)
    assert len({mutation(seed, CAPTURES) for seed in range(40)}) == 40
