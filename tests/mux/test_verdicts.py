"""Verdicts by number: late ones, ones far ahead, and all of them in order again."""

from __future__ import annotations

from io import BytesIO
from random import Random

import pytest

from dissectors.mux import verdicts
from dissectors.mux.verdicts import FinalVerdict, Verdicts

KINDS: tuple[FinalVerdict, ...] = (
    (0, 3, "certain", "", False), (8, 20, "confirmed", "RTCP on the same 5-tuple", False),
    (8, 20, "confirmed", "RTCP on the same 5-tuple", True), (13, 30, None, "", False),
)


@pytest.mark.parametrize("window", [1, 4, 1000])
@pytest.mark.parametrize("late", [0, 3, 500])
def test_verdicts_come_back_in_the_order_of_their_numbers(
    window: int, late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "WINDOW_VERDICTS", window)
    chance = Random(window + late)
    expected = [chance.choice(KINDS) for _ in range(700)]
    order = sorted(range(700), key=lambda number: number + chance.randrange(late + 1))
    kept = Verdicts(BytesIO())
    for number in order:
        kept.note(number, expected[number])
    assert list(kept.read()) == expected


def test_none_are_none() -> None:
    assert list(Verdicts(BytesIO()).read()) == []
