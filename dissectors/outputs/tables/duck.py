"""Tables for DuckDB: asked in SQL, and as Parquet files.

Laws of this file:
1. A question reads: one SELECT, and nothing that writes, loads or sets.
2. While it runs, DuckDB opens no file and no connection, and its settings are locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

from dissectors.outputs.tables.sqlite import Tables
from dissectors.outputs.tables.texts import ndjson_pieces

TYPES = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", str: "VARCHAR"}
MAX_MEMORY = "2GB"
ROWS_AT_ONCE = 1024


class NoAnswer(Exception):
    """A question that cannot be answered, or no DuckDB: one line for people."""


class Database:
    """Tables in memory."""

    def __init__(self, tables: Tables) -> None:
        """Raises NoAnswer without DuckDB."""
        try:
            import duckdb
        except ModuleNotFoundError:
            raise NoAnswer("DuckDB is not installed (pip install 'muxshark[sql]')") from None
        self._duckdb: Any = duckdb
        self._database: Any = duckdb.connect(":memory:", config={"memory_limit": MAX_MEMORY})
        with TemporaryDirectory(prefix="muxshark-") as folder:
            for name, columns, rows in tables:
                path = os.path.join(folder, f"{name}.ndjson")
                with open(path, "w", encoding="utf-8") as file:
                    file.writelines(ndjson_pieces(name, columns, rows))
                defined = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in columns)
                kinds = ", ".join(f"'{column.name}': '{TYPES[column.kind]}'" for column in columns)
                self._database.execute(f'CREATE TABLE "{name}" ({defined})')
                if os.path.getsize(path):
                    source = f"read_json(?, format='newline_delimited', columns={{{kinds}}})"
                    self._database.execute(f'INSERT INTO "{name}" SELECT * FROM {source}', [path])

    def parquet(self, table: str, path: str) -> None:
        """Write a table as a Parquet file."""
        self._database.table(table).write_parquet(path)

    def ask(self, question: str) -> tuple[list[str], Iterator[tuple[object, ...]]]:
        """The names of the columns of an answer, and its rows; raises NoAnswer for anything but one SELECT."""
        try:
            statements = self._duckdb.extract_statements(question)
            if len(statements) != 1 or statements[0].type != self._duckdb.StatementType.SELECT:
                raise NoAnswer("only one SELECT can be asked")
            self._database.execute("SET python_enable_replacements=false")
            self._database.execute("SET enable_external_access=false")
            self._database.execute("SET lock_configuration=true")
            self._database.execute(statements[0])
        except self._duckdb.Error as error:
            raise NoAnswer(" ".join(str(error).split())) from None
        return [each[0] for each in self._database.description or ()], self._rows()

    def _rows(self) -> Iterator[tuple[object, ...]]:
        try:
            while rows := self._database.fetchmany(ROWS_AT_ONCE):
                yield from rows
        except self._duckdb.Error as error:
            raise NoAnswer(" ".join(str(error).split())) from None
