"""DuckDB reads, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.outputs.tables.catalogue import Column
from dissectors.outputs.tables.duck import Database, NoAnswer

COLUMNS = (Column("name", str), Column("count", int), Column("part", float), Column("there", bool))
ROWS = [{"name": "a", "count": 1 << 40, "part": 0.5, "there": True}, {"name": None, "count": None}]


@pytest.fixture
def database() -> Database:
    pytest.importorskip("duckdb", reason="DuckDB is an extra")
    return Database([("things", COLUMNS, ROWS), ("nothing", COLUMNS, [])])


def test_an_answer_has_names_and_rows(database: Database) -> None:
    names, rows = database.ask("select * from things order by name")
    assert names == ["name", "count", "part", "there"]
    assert [*rows] == [("a", 1 << 40, 0.5, True), (None, None, None, None)]


@pytest.mark.parametrize(
    "question",
    [
        "delete from things", "select 1; select 2", "copy things to 'x.csv'", "set memory_limit='1GB'", "nonsense",
        "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "attach 'x.db'", "load httpfs", "",
        "select * from read_text('http://127.0.0.1/')", "select * from ROWS",
    ],
)
def test_nothing_but_one_select_is_answered(database: Database, question: str) -> None:
    with pytest.raises(NoAnswer):
        [*database.ask(question)[1]]


def test_a_table_becomes_parquet(database: Database, tmp_path: Path) -> None:
    database.parquet("things", str(tmp_path / "things.parquet"))
    assert (tmp_path / "things.parquet").read_bytes().startswith(b"PAR1")
