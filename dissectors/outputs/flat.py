"""The values of a report as flat rows, for tables of other programs: every row of a kind has the same columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from dissectors.outputs.escape import scalar
from dissectors.report import CaptureFile, Deviation, Digit, Format, Media, Phase, Place, Seen
from dissectors.wire.datagram import Flow
from dissectors.wire.values import Struct

Scalar = str | int | float | bool | None

BETWEEN = "; "
TEXT_OF: dict[type, tuple[str, str]] = {
    CaptureFile: ("name", BETWEEN),
    Deviation: ("kind", BETWEEN),
    Digit: ("digit", ""),
    Format: ("payload_type", BETWEEN),
    Media: ("kind", BETWEEN),
    Phase: ("payload_type", BETWEEN),
    Seen: ("name", BETWEEN),
}
"""A list of these becomes a text of one field, with this separator; other lists become their length."""

ENDS = ("src", "sport", "dst", "dport")


class Column(NamedTuple):
    """The name of a column, the function that reads it from a value (of None it gives None), and the type it gives."""

    name: str
    of: Callable[[Any], Any]
    kind: type = str


def rows(values: Iterable[Struct]) -> list[dict[str, Scalar]]:
    """One flat dict for each value: of numbers, texts, truths and None.

    A member that has members of its own becomes a column for each of them (`quality.mos` is `quality_mos`), None if it
    is missing. A list becomes a text if its elements have a short name, else the number of its elements; `places` also
    gives its first element. Octets become hexadecimal digits. Text that is not Unicode is escaped.
    """
    return [{column.name: _plain(column.of(value)) for column in columns(type(value))} for value in values]


@cache
def columns(kind: type[Struct]) -> tuple[Column, ...]:
    """The columns of a kind of values, in the order of its fields."""
    hints = get_type_hints(kind)
    return tuple(column for name in kind.__struct_fields__ for column in _columns(name, hints[name]))


def _columns(name: str, annotation: Any) -> Iterator[Column]:
    """The columns of one field."""
    kinds = [each for each in get_args(annotation) or (annotation,) if each not in (NoneType, ...)]
    kind = kinds[0] if isinstance(kinds[0], type) else None
    field = _field(name)
    if get_origin(annotation) is tuple:
        yield Column(name, _behind(field, _list_of(kind)), int if _is_counted(kind) else str)
        if kind is Place:
            yield from _members(name.removesuffix("s"), _behind(field, _first), Place)
    elif kind is Flow:
        yield from (Column(end, _behind(field, _field(end)), int if "port" in end else str) for end in ENDS)
    elif kind is not None and issubclass(kind, Struct):
        yield from _members(name, field, kind)
    else:
        yield Column(name, field, kind if kind in (int, float, bool) else str)


def _is_counted(kind: type | None) -> bool:
    """Whether a list of such elements becomes their number."""
    return kind is not None and kind not in TEXT_OF and issubclass(kind, Struct)


def _members(name: str, field: Callable[[Any], Any], kind: type[Struct]) -> Iterator[Column]:
    for column in columns(kind):
        yield Column(f"{name}_{column.name}", _behind(field, column.of), column.kind)


def _field(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(value, name)


def _behind(first: Callable[[Any], Any], then: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The functions one after the other, until one gives None."""

    def both(value: Any) -> Any:
        found = first(value)
        return None if found is None else then(found)

    return both


def _first(values: tuple[Any, ...]) -> Any:
    return values[0] if values else None


def _list_of(kind: type | None) -> Callable[[tuple[Any, ...]], Scalar]:
    """How a list of such elements becomes one value."""
    if kind in TEXT_OF:
        name, between = TEXT_OF[kind]
        return lambda values: between.join(str(getattr(each, name)) for each in values)
    if kind is not None and issubclass(kind, Struct):
        return len
    return lambda values: BETWEEN.join(map(str, values))


def _plain(value: Any) -> Scalar:
    if isinstance(value, bytes):
        return value.hex()
    return scalar(value) if isinstance(value, str) else value
