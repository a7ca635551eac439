"""What a filter comes to once it is read: comparisons of values and their combinations, all of them data.

Data can be handed to other processes, and two filters that say the same are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dissectors.wire.values import Struct

Values = Mapping[str, set[str]]
"""What one part of a report has of each field, in lower case; a call may have several methods, ports, scores."""


class Same(Struct, frozen=True):
    """A field has one of these values."""

    field: str
    among: frozenset[str]

    def __call__(self, values: Values) -> bool:
        return not self.among.isdisjoint(values.get(self.field, ()))


class Begins(Struct, frozen=True):
    """A value of a field begins so, as the statuses of a class do."""

    field: str
    start: str

    def __call__(self, values: Values) -> bool:
        return any(each.startswith(self.start) for each in values.get(self.field, ()))


class Contains(Struct, frozen=True):
    """A value of a field contains this text."""

    field: str
    part: str

    def __call__(self, values: Values) -> bool:
        return any(self.part in each for each in values.get(self.field, ()))


ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
}


class Compared(Struct, frozen=True):
    """A number of a field is smaller or larger than this one."""

    field: str
    order: str
    number: float

    def __call__(self, values: Values) -> bool:
        fits = ORDERS[self.order]
        return any(fits(float(each), self.number) for each in values.get(self.field, ()))


class Rounded(Struct, frozen=True):
    """A number of a field is this one, rounded to so many digits behind the point."""

    field: str
    number: float
    digits: int

    def __call__(self, values: Values) -> bool:
        return any(round(float(each), self.digits) == self.number for each in values.get(self.field, ()))


class Not(Struct, frozen=True):
    """What the inner expression does not fit."""

    inner: Expression

    def __call__(self, values: Values) -> bool:
        return not self.inner(values)


class All(Struct, frozen=True):
    """What every part fits."""

    parts: tuple[Expression, ...]

    def __call__(self, values: Values) -> bool:
        return all(part(values) for part in self.parts)


class Any(Struct, frozen=True):
    """What one part fits."""

    parts: tuple[Expression, ...]

    def __call__(self, values: Values) -> bool:
        return any(part(values) for part in self.parts)


Expression = Same | Begins | Contains | Compared | Rounded | Not | All | Any


def fields_of(expression: Expression) -> frozenset[str]:
    """The fields that an expression asks for."""
    return frozenset(_fields(expression))


def _fields(expression: Expression) -> Iterator[str]:
    if isinstance(expression, (All, Any)):
        for part in expression.parts:
            yield from _fields(part)
    elif isinstance(expression, Not):
        yield from _fields(expression.inner)
    else:
        yield expression.field
