"""The tables of an export: their columns are documented, and every row has them."""

from __future__ import annotations

import pytest

from dissectors import offline
from dissectors.outputs.tables.catalogue import DATAGRAM_COLUMNS, TABLES, datagram, markdown
from tests.command_line import CALL, ROOT

REPORT = offline.analyze([CALL])


def test_the_page_lists_every_table_and_column() -> None:
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    assert page.endswith(markdown())


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_the_columns_of_its_table_and_their_types(name: str) -> None:
    kinds = {column.name: column.kind for column in TABLES[name].columns}
    assert len(kinds) == len(TABLES[name].columns)
    for row in TABLES[name].rows(REPORT):
        assert set(row) == set(kinds) and row["capture"] == CALL
        for column, value in row.items():
            kind = (int, float) if kinds[column] is float else kinds[column]
            assert value is None or isinstance(value, kind), (column, value)


def test_numbers_lead_from_one_table_to_another() -> None:
    messages, calls = ([*TABLES[name].rows(REPORT)] for name in ("messages", "calls"))
    assert [row["call"] for row in calls] == [0] and {row["call"] for row in messages} == {0} and len(messages) == 9
    streams = [row["stream"] for row in TABLES["streams"].rows(REPORT)]
    assert {row["stream"] for row in TABLES["moments"].rows(REPORT)} == set(streams)


def test_a_datagram_is_a_row() -> None:
    row = datagram(next(offline.rows([CALL])), CALL)
    assert list(row) == [column.name for column in DATAGRAM_COLUMNS] and row["protocol"] == "STUN"
