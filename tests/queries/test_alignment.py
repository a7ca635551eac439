"""Two lists side by side: right for any, as difflib says for short ones, and near-linear for long ones."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from random import Random

import pytest

from dissectors.queries.alignment import MAX_PRODUCT, Run, aligned


class Entry(str):
    """A text that counts how often entries are compared, and how often they are looked up."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Entry.looks += 1
        return str.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        Entry.looks += 1
        return str.__hash__(self)


def check(ours: list[str], theirs: list[str], runs: list[Run]) -> int:
    """That runs cover both lists, and that what is said to be alike is; how much that is."""
    at, alike = (0, 0), 0
    for run in runs:
        assert (run.first, run.begin) == at and (run.last, run.end) > at
        if run.alike:
            assert ours[run.first : run.last] == theirs[run.begin : run.end]
            alike += run.last - run.first
        at = run.last, run.end
    assert at == (len(ours), len(theirs))
    return alike


def changed(entries: list[str], chance: Random, times: int) -> list[str]:
    other = list(entries)
    for _ in range(times):
        place = chance.randrange(len(other))
        if chance.random() < 0.5:
            del other[place]
        else:
            other.insert(place, f"new {chance.randrange(10)}")
    return other


@pytest.mark.parametrize("seed", range(40))
def test_short_lists_are_compared_as_difflib_does(seed: int) -> None:
    chance = Random(seed)
    ours, theirs = ([str(chance.randrange(5)) for _ in range(chance.randrange(120))] for _ in range(2))
    assert len(ours) * len(theirs) <= MAX_PRODUCT
    codes = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    assert aligned(ours, theirs) == [Run(kind == "equal", i, j, k, last) for kind, i, j, k, last in codes]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("names", [2, 5, 100, 100_000])
def test_long_lists_are_covered_and_what_is_alike_is_found(seed: int, names: int) -> None:
    chance = Random(seed)
    ours = [str(chance.randrange(names)) for _ in range(600)]
    theirs = changed(ours, chance, 40)
    assert check(ours, theirs, aligned(ours, theirs)) >= 540


@pytest.mark.parametrize("names", [1, 3, 1000])
def test_long_lists_that_have_little_in_common_are_covered(names: int) -> None:
    chance = Random(names)
    ours = [str(chance.randrange(names)) for _ in range(700)]
    theirs = [str(chance.randrange(names)) for _ in range(900)]
    assert check(ours, theirs, aligned(ours, theirs)) >= (300 if names < 1000 else 20)
    assert check(ours, ["other"] * 300, aligned(ours, ["other"] * 300)) == 0


def steps(size: int, chance: Random) -> list[str]:
    return [f"{number % 3} to INFO" for number in range(size)]


def unlike(size: int, chance: Random) -> list[str]:
    return [chance.choice("abc") for _ in range(size)]


def bodies(size: int, chance: Random) -> list[str]:
    return [f"a=candidate:{chance.randrange(size * 4)}" for _ in range(size)]


@pytest.mark.parametrize("make", [steps, unlike, bodies])
def test_four_times_as_long_costs_about_four_times_as_much(make: Callable[[int, Random], list[str]]) -> None:
    looks = []
    for size in (1000, 4000):
        chance = Random(size)
        ours = make(size, chance)
        theirs = make(size, chance) if make is unlike else changed(ours, chance, 40)
        Entry.looks = 0
        aligned([*map(Entry, ours)], [*map(Entry, theirs)])
        looks.append(Entry.looks)
    assert looks[1] < 6 * looks[0]
    assert looks[0] < 400_000
