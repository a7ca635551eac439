"""Tables as an SQLite database, by the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

from dissectors.outputs.tables.catalogue import VERSION, Cells, Column

TYPES = {int: "INTEGER", float: "REAL", bool: "INTEGER", str: "TEXT"}
MAX_INTEGER = 1 << 63

Tables = Iterable[tuple[str, tuple[Column, ...], Iterable[Cells]]]


def write(path: str, tables: Tables) -> None:
    """Write tables, by name with their columns and rows, into a new database; raises sqlite3.Error."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE about (version TEXT)")
        database.execute("INSERT INTO about VALUES (?)", (VERSION,))
        for name, columns, rows in tables:
            defined = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in columns)
            marks = ", ".join("?" * len(columns))
            database.execute(f'CREATE TABLE "{name}" ({defined})')
            database.executemany(f'INSERT INTO "{name}" VALUES ({marks})', _values(columns, rows))


def _values(columns: tuple[Column, ...], rows: Iterable[Cells]) -> Iterator[tuple[object, ...]]:
    for cells in rows:
        yield tuple(_fitting(cells.get(column.name)) for column in columns)


def _fitting(value: object) -> object:
    """A number that is too large for SQLite becomes a text."""
    return str(value) if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER else value
