"""The answer to a question: columns in a pipe or on a terminal, CSV, NDJSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from dissectors.outputs.escape import visible
from dissectors.outputs.tables.catalogue import Column
from dissectors.outputs.tables.texts import csv_pieces

MAX_CELL, MAX_ALIGNED = 60, 1000
"""Letters of a cell that are shown, and rows whose widths decide."""

Names = list[str]
Rows = Iterable[tuple[object, ...]]


def table(names: Names, rows: Rows) -> Iterator[str]:
    """Columns of the width that the first rows need."""
    source = iter(rows)
    first = [names, *([_cell(value) for value in row] for row, _ in zip(source, range(MAX_ALIGNED), strict=False))]
    widths = [max(len(row[place]) for row in first) for place in range(len(names))]
    for row in first:
        yield _line(row, widths)
    for values in source:
        yield _line([_cell(value) for value in values], widths)


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n"


def _cell(value: object) -> str:
    text = "–" if value is None else visible(str(value))
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def as_csv(names: Names, rows: Rows) -> Iterator[str]:
    """CSV with a head line."""
    columns = tuple(Column(f"{place}", str) for place in range(len(names)))
    pieces = csv_pieces(columns, ({f"{place}": _scalar(value) for place, value in enumerate(row)} for row in rows))
    head = next(csv_pieces(tuple(Column(name, str) for name in names), ()))
    first = next(pieces)
    yield head + first.partition("\n")[2]
    yield from pieces


def _scalar(value: object) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def as_ndjson(names: Names, rows: Rows) -> Iterator[str]:
    """One JSON object a row."""
    for row in rows:
        yield json.dumps({name: _scalar(value) for name, value in zip(names, row, strict=True)}) + "\n"


WRITERS: dict[str, Callable[[Names, Rows], Iterator[str]]] = {"table": table, "csv": as_csv, "ndjson": as_ndjson}
"""By the name of the form."""
