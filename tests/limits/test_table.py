"""A bounded table: what was used least recently goes, by number and by weight, and is counted."""

from __future__ import annotations

from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from dissectors.limits.budget import Bounds
from dissectors.limits.table import Table


def test_the_entry_that_was_used_least_recently_goes_first_and_is_counted_by_name() -> None:
    bounds = Bounds()
    table: Table[str, int] = Table("things", 3, bounds)
    for number, key in enumerate("abc"):
        table[key] = number
    assert table.use("a") == 0 and table.use("x") is None
    table["d"] = 3
    table["c"] = 4
    table["e"] = 5
    assert list(table) == ["d", "c", "e"]
    assert table.hits == 2 and bounds.hits == {"things": 2}


def test_to_look_at_an_entry_is_no_use_of_it() -> None:
    table: Table[str, int] = Table("things", 2)
    table["a"], table["b"] = 1, 2
    assert table.get("a") == table["a"] == 1 and "a" in table
    table["c"] = 3
    assert list(table) == ["b", "c"]


def test_whoever_is_given_up_is_told_and_whoever_is_let_go_is_not() -> None:
    gone: list[tuple[str, int]] = []
    table: Table[str, int] = Table("things", 2, given_up=lambda key, value: gone.append((key, value)))
    for number, key in enumerate("abc"):
        table[key] = number
    del table["b"]
    assert table.pop("c") == 2 and table.pop("c", None) is None
    assert gone == [("a", 0)] and table.hits == 1


def test_entries_weigh_and_what_is_too_heavy_alone_goes_itself() -> None:
    table: Table[str, int] = Table("things", 10, octets=100)
    table.put("a", 1, 40)
    table.put("b", 2, 40)
    table.use("a")
    table.put("c", 3, 40)
    assert list(table) == ["a", "c"] and table.weight == 80
    table.grow("a", 30)
    assert list(table) == ["c"] and table.weight == 40
    table.put("d", 4, 101)
    assert not table and table.weight == 0


def test_what_is_let_go_weighs_nothing_any_longer() -> None:
    table: Table[str, int] = Table("things", 10, octets=100)
    table.put("a", 1, 40)
    table.put("a", 2, 50)
    table.put("b", 2, 40)
    assert table.weight == 90
    del table["b"]
    table.pop("a")
    assert table.weight == 0 and table.hits == 0
    table.put("c", 1, 90)
    table.clear()
    assert table.weight == 0 and not table


@given(st.lists(st.tuples(st.sampled_from(("put", "use", "drop")), st.integers(0, 9)), max_size=120))
def test_values_that_tell_their_last_use_go_in_the_same_order_as_those_of_which_the_table_is_asked(
    steps: list[tuple[str, int]],
) -> None:
    asked: Table[int, list[int]] = Table("asked", 4)
    telling: Table[int, list[int]] = Table("telling", 4, used=itemgetter(0))
    for now, (step, key) in enumerate(steps, 1):
        for table in (asked, telling):
            value = table.use(key)
            if step == "drop":
                table.pop(key, None)
            elif value is not None:
                value[0] = now
            elif step == "put":
                table[key] = [now]
        assert asked.keys() == telling.keys() and asked.hits == telling.hits


def test_a_table_whose_values_tell_their_last_use_keeps_the_order_in_which_they_came() -> None:
    table: Table[str, list[int]] = Table("things", 3, used=itemgetter(0))
    for number, key in enumerate("abc"):
        table[key] = [number]
    table["a"][0] = 9
    table["d"] = [10]
    assert list(table) == ["a", "c", "d"]
