"""A report for other programs: one JSON document whose keys are the field names of `analysis.report`.

The text is ASCII, so that neither a terminal, a log nor a byte order can spoil it; each element of a list stands on a
line of its own, so that `grep` and `diff` work on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import msgspec

from dissectors.outputs.escape import scalar
from dissectors.outputs.formats import View
from dissectors.report import Report

encode = msgspec.json.Encoder().encode


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`; how it is laid out does not depend on the view."""
    return document(report)


def document(report: Report) -> Iterator[str]:
    """The JSON document in pieces, to be written one after the other; see docs/report.md for its fields."""
    opening = "{"
    for name in report.__struct_fields__:
        value = getattr(report, name)
        yield f'{opening}\n"{name}": '
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
    """One value as JSON on one line: structs become objects, tuples arrays, numbers that JSON lacks null.

    Surrogates, which stand for octets that were no UTF-8, become the escape of that octet: JSON cannot carry them.
    """
    try:
        octets = encode(value)
        if octets.isascii():
            return octets.decode("ascii")
    except UnicodeEncodeError:
        pass
    import json

    return json.dumps(_carried(msgspec.to_builtins(value)), separators=(",", ":"))


def _carried(value: Any) -> Any:
    """The same value as JSON can carry it."""
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, dict):
        return {scalar(name): _carried(member) for name, member in value.items()}
    if isinstance(value, float):
        return value if isfinite(value) else None
    return [_carried(member) for member in value] if isinstance(value, (tuple, list)) else value
