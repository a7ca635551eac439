"""CSV and NDJSON: what other programs read back is what was written, and nothing runs."""

from __future__ import annotations

import csv
import io
import json

from dissectors.outputs.tables.catalogue import Column
from dissectors.outputs.tables.texts import ROWS_PER_PIECE, csv_pieces, ndjson_pieces

COLUMNS = (Column("name", str), Column("count", int), Column("there", bool))


def test_csv_is_read_back() -> None:
    rows = [{"name": 'a "quoted", text\nof two lines', "count": 5, "there": True}, {"name": None, "count": None}]
    text = "".join(csv_pieces(COLUMNS, rows))
    assert [*csv.reader(io.StringIO(text, newline=""))] == [
        ["name", "count", "there"], ['a "quoted", text\nof two lines', "5", "true"], ["", "", ""]]


def test_no_cell_is_a_formula() -> None:
    texts = ["=1+1", "+49", "-x", "@a", "\tb", "\rc"]
    out = "".join(csv_pieces(COLUMNS, [{"name": text, "count": -5} for text in texts]))
    cells = [row for row in csv.reader(io.StringIO(out, newline=""))][1:]
    assert [row[0] for row in cells] == [f"'{text}" for text in texts] and cells[0][1] == "-5"


def test_many_rows_come_in_pieces() -> None:
    rows = ({"name": "x", "count": number} for number in range(ROWS_PER_PIECE * 2))
    assert len([*csv_pieces(COLUMNS, rows)]) == 3


def test_ndjson_names_its_table() -> None:
    (line,) = ndjson_pieces("calls", COLUMNS, [{"name": "é", "count": 1}])
    assert json.loads(line) == {"table": "calls", "name": "é", "count": 1, "there": None}
