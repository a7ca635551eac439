"""Tables as CSV and as NDJSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from dissectors.outputs.flat import Scalar
from dissectors.outputs.tables.catalogue import Cells, Column

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Letters with which a spreadsheet takes a text for a formula."""

ROWS_PER_PIECE = 512


def csv_pieces(columns: tuple[Column, ...], rows: Iterable[Cells]) -> Iterator[str]:
    """A table as CSV (RFC 4180) with a head line; a text that a spreadsheet would run begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(column.name for column in columns)
    for count, cells in enumerate(rows, 1):
        writer.writerow([_cell(cells.get(column.name)) for column in columns])
        if count % ROWS_PER_PIECE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _cell(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def ndjson_pieces(table: str, columns: tuple[Column, ...], rows: Iterable[Cells]) -> Iterator[str]:
    """A table as one JSON object a line; `table` says of which it is."""
    for cells in rows:
        whole = {"table": table, **{column.name: cells.get(column.name) for column in columns}}
        yield json.dumps(whole, allow_nan=False) + "\n"
