"""A report for other programs: one JSON document whose keys are the field names of `analysis.report`.

The text is ASCII, so that neither a terminal, a log nor a byte order can spoil it; each element of a list stands on a
line of its own, so that `grep` and `diff` work on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from math import isfinite
from operator import attrgetter
from typing import Any

from dissectors.analysis.report import Report
from dissectors.outputs.escape import scalar

Writer = Callable[[Any], str]

quoted = json.encoder.encode_basestring_ascii
"""A text without surrogates as JSON."""


def document(report: Report) -> Iterator[str]:
    """The JSON document in pieces, to be written one after the other; see docs/report.md for its fields."""
    opening = "{"
    for name in names(Report):
        value = getattr(report, name)
        yield f"{opening}\n{quoted(name)}: "
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
    """One value as JSON on one line: dataclasses become objects, tuples arrays.

    Surrogates, which stand for octets that were no UTF-8, become the escape of that octet: JSON cannot carry them.
    Raises ValueError for a number that JSON has none for.
    """
    return WRITERS[type(value)](value)


def _text(text: str) -> str:
    return quoted(text if text.isascii() else scalar(text))


def _real(number: float) -> str:
    if not isfinite(number):
        raise ValueError(f"no number of JSON: {number!r}")
    return repr(number)


def _array(values: tuple[Any, ...]) -> str:
    return "[" + ", ".join([WRITERS[type(value)](value) for value in values]) + "]"


def _object(kind: type) -> Writer:
    """A writer of the dataclass `kind`, whose field names are looked up once."""
    known = names(kind)
    frame = "{" + ", ".join(f"{quoted(name)}: %s" for name in known) + "}"
    if len(known) == 1:
        return lambda value: frame % compact(getattr(value, known[0]))
    members = attrgetter(*known)
    return lambda value: frame % tuple([WRITERS[type(member)](member) for member in members(value)])


PLAIN: dict[type, Writer] = {
    int: repr,
    float: _real,
    bool: lambda truth: "true" if truth else "false",
    type(None): lambda _: "null",
    str: _text,
    tuple: _array,
}


class Writers(dict[type, Writer]):
    """What writes the values of a type; that of a dataclass is made when it is first asked for."""

    def __missing__(self, kind: type) -> Writer:
        made = self[kind] = _object(kind)
        return made


WRITERS = Writers(PLAIN)


@cache
def names(kind: type) -> tuple[str, ...]:
    """The field names of a dataclass, in order."""
    return tuple(field.name for field in fields(kind))
