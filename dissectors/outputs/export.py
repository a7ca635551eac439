"""A report for other programs: one JSON document whose keys are the field names of `dissectors.report`.

The text is ASCII, so it is safe in terminals, logs and any byte order. Each element of a list is on a line of its own,
for `grep` and `diff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import msgspec

from dissectors.outputs.escape import scalar
from dissectors.outputs.view import View
from dissectors.report import Call, Report
from dissectors.report.flows import Flows

FLOWS_AT_ONCE = 256
"""Flows of no known protocol that are written in one piece."""

MAX_MESSAGES_AT_ONCE = 64
"""Messages of a call that are written in one piece."""

encode = msgspec.json.Encoder().encode


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`; its layout does not depend on the view."""
    return document(report)


def document(report: Report) -> Iterator[str]:
    """The JSON document in pieces, to be written one after the other; see docs/report.md for its fields."""
    opening = "{"
    for name in report.__struct_fields__:
        value = getattr(report, name)
        yield f'{opening}\n"{name}": '
        opening = ","
        if isinstance(value, Flows) and value.quiet.settled:
            yield "[\n"
            yield from _flows(value)
            yield "\n]"
        elif isinstance(value, (tuple, Flows)) and value:
            yield "[\n"
            for i, element in enumerate(value):
                if name == "calls" and len(element.messages) > MAX_MESSAGES_AT_ONCE:
                    yield "" if i == 0 else ",\n"
                    yield from _call(element)
                else:
                    yield ("" if i == 0 else ",\n") + compact(element)
            yield "\n]"
        else:
            yield compact(value)
    yield "\n}\n"


def _flows(flows: Flows) -> Iterator[str]:
    """Flows as `compact` writes each; those on which nothing was recognised many at a time."""
    comma = ",\n"
    parts, columns = _form(flows, comma)
    first = True
    for part in flows.parts():
        if not isinstance(part, range):
            yield compact(part) if first else comma + compact(part)
            first = False
            continue
        for begin in range(part.start, part.stop, FLOWS_AT_ONCE):
            octets = flows.quiet.written(begin, min(begin + FLOWS_AT_ONCE, part.stop), parts, columns, encode)
            yield octets.decode("ascii").removeprefix(comma) if first else octets.decode("ascii")
            first = False


def _form(flows: Flows, comma: str) -> tuple[list[bytes], list[int]]:
    """How a flow is written on which nothing was recognised: what stands between its values, and which these are."""
    marks: tuple[Any, ...] = ("@0", 101, "@2", 103, 104.5, 105.5, 106, 107, 108, 109)
    text = comma + compact(flows.make(*marks))
    parts, columns, end = list[bytes](), list[int](), 0
    for at, mark, column in sorted((text.index(str(mark)), str(mark), column) for column, mark in enumerate(marks)):
        parts.append(text[end:at].encode())
        columns.append(column)
        end = at + len(mark)
    return [*parts, text[end:].encode()], columns


def _call(call: Call) -> Iterator[str]:
    """A call as `compact` writes it, but message by message: a huge call must not fill the memory again as text."""
    opening = "{"
    for name in call.__struct_fields__:
        value = getattr(call, name)
        yield f'{opening}"{name}":'
        opening = ","
        if name != "messages":
            yield compact(value)
            continue
        for i, message in enumerate(value):
            yield ("," if i else "[") + compact(message)
        yield "]" if value else "[]"
    yield "}"


def compact(value: Any) -> str:
    """One value as JSON on one line: structs become objects, tuples arrays, numbers that JSON lacks null.

    Surrogates stand for octets that are not UTF-8; they become the escape of that octet, as JSON cannot carry them.
    """
    try:
        return encode(value).decode("ascii")
    except UnicodeError:
        pass
    import json

    return json.dumps(_carried(msgspec.to_builtins(value)), separators=(",", ":"))


def _carried(value: Any) -> Any:
    """The same value in types of JSON."""
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, dict):
        return {scalar(name): _carried(member) for name, member in value.items()}
    if isinstance(value, float):
        return value if isfinite(value) else None
    return [_carried(member) for member in value] if isinstance(value, (tuple, list)) else value
