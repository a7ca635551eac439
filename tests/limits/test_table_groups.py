"""Tables that are asked by what entries have in common."""

from __future__ import annotations

from random import Random

import pytest

from dissectors.limits.table import Table

Pair = tuple[int, int]


def by_ends(pair: Pair, _: int) -> Pair:
    """Pairs by either of their two."""
    return pair


def searched(table: Table[Pair, int], end: int) -> list[Pair]:
    return [key for key in table if end in key]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("values_tell", (False, True))
def test_a_group_holds_what_a_search_would_find(seed: int, values_tell: bool) -> None:
    chance = Random(seed)
    table: Table[Pair, int] = Table("pairs", 9, used=abs if values_tell else None, groups=by_ends)
    for step in range(400):
        key = chance.randrange(6), chance.randrange(6)
        what = chance.randrange(7)
        if what < 4:
            table[key] = step
        elif what == 4:
            assert table.pop(key, None) is None or key not in table
        elif what == 5 and table:
            del table[chance.choice([*table])]
        elif table:
            table.use(next(iter(table)))
        if step % 7 == seed % 7:
            groups, found = [table.of(end) for end in range(6)], [searched(table, end) for end in range(6)]
            assert [*map(sorted, groups)] == [*map(sorted, found)]
            assert not values_tell or groups == found
            assert [table.count_of(end) for end in range(6)] == [*map(len, found)]
        if step % 100 == 99:
            table.forget_groups()
        if step == 250:
            table.clear()
    assert table.hits > 0


def test_a_table_that_nobody_asks_makes_no_groups() -> None:
    asked: list[Pair] = []

    def watched(pair: Pair, _: int) -> Pair:
        asked.append(pair)
        return pair

    table: Table[Pair, int] = Table("pairs", 10, groups=watched)
    table[1, 2] = table[2, 3] = 0
    del table[1, 2]
    assert asked == []
    assert table.of(3) == [(2, 3)] and asked == [(2, 3)]


def test_a_key_that_is_missing_is_missing() -> None:
    table: Table[Pair, int] = Table("pairs", 3, groups=by_ends)
    assert table.of(1) == []
    with pytest.raises(KeyError):
        table.pop((1, 2))
    with pytest.raises(KeyError):
        del table[1, 2]
    assert table.pop((1, 2), "nothing") == "nothing" and table.of(1) == []
