"""A report for other programs: one JSON document whose keys are the field names of `analysis.report`.

The text is ASCII, so that neither a terminal, a log nor a byte order can spoil it; each element of a list stands on a
line of its own, so that `grep` and `diff` work on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from dissectors.analysis.report import Report
from dissectors.outputs.escape import scalar

NUMBERS = frozenset((int, float, bool, type(None)))
"""What JSON has as it is."""


def document(report: Report) -> Iterator[str]:
    """The JSON document in pieces, to be written one after the other; see docs/report.md for its fields."""
    opening = "{"
    for name in names(Report):
        value = getattr(report, name)
        yield f"{opening}\n{json.dumps(name)}: "
        opening = ","
        if isinstance(value, tuple) and value:
            yield "[\n"
            for i, element in enumerate(value):
                yield ("" if i == 0 else ",\n") + compact(element)
            yield "\n]"
        else:
            yield compact(value)
    yield "\n}\n"


def compact(value: Any) -> str:
    """One value as JSON on one line."""
    return json.dumps(plain(value), allow_nan=False)


def plain(value: Any) -> Any:
    """A value of the report in the types of JSON: dataclasses become objects, tuples arrays.

    Surrogates, which stand for octets that were no UTF-8, become the escape of that octet: JSON cannot carry them.
    """
    kind = type(value)
    if kind in NUMBERS:
        return value
    if kind is str:
        return scalar(value)
    if kind is tuple:
        return [plain(element) for element in value]
    return {name: plain(getattr(value, name)) for name in names(kind)}  # type: ignore[arg-type]  # a class is hashable


@cache
def names(kind: type) -> tuple[str, ...]:
    """The field names of a dataclass, in order."""
    return tuple(field.name for field in fields(kind))
