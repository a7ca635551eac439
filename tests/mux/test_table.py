"""The one table: its rows, names, colours and what confirms them."""

from __future__ import annotations

from dissectors.mux.evidence import KEYED
from dissectors.mux.table import ROWS, SPECS, TABLE, UNKNOWN


def test_every_row_has_a_reason_and_a_dissector() -> None:
    assert all(row.reason and row.clauses for _, row in ROWS)
    assert all(spec.wireshark for spec in TABLE)
    assert len({row.reason for _, row in ROWS}) == len(ROWS)


def test_what_confirms_a_protocol_is_one_of_the_table_and_all_fit_into_a_mask() -> None:
    assert {name for spec in TABLE for name in spec.confirmed_by} <= set(SPECS)
    assert 1 << UNKNOWN <= KEYED


def test_wiresharks_names_are_each_of_one_protocol() -> None:
    names = [name for spec in TABLE for name in spec.shown_as]
    assert len(names) == len(set(names)) and "data" not in names


def test_short_names_and_colours_tell_protocols_apart() -> None:
    assert all(0 < len(spec.short or spec.name) <= 4 for spec in TABLE)
    assert len({spec.colour for spec in TABLE}) == len(TABLE)
