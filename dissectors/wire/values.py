"""Values: classes of named fields, such as `class Point(Struct, frozen=True)`, and tuples with names.

Made, compared and written down by compiled code (msgspec): a report holds tens of thousands of them, a start-up defines
a hundred and fifty. Everybody takes them from here.

Python does not look for cycles through them, which would take time and room for each: a value knows what it is made of
and never who holds it, so that there are none.
"""

from __future__ import annotations

import sys
from collections import _tuplegetter  # type: ignore[attr-defined]  # as fast as what namedtuple makes: it is that
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple", "Struct", "astuple", "field", "replace"]


STAND_INS = {
    "decimal": ("Decimal",), "uuid": ("UUID", "SafeUUID"), "msgspec.inspect": (),
    "msgspec._json_schema": ("schema", "schema_components"),
}
"""Modules that take longer to load than the rest of msgspec, and of which it wants these names at once.

It knows values of two classes by them, of which the command has none (and takes `unknown` from another one), and
describes classes, which that never asks for.
"""


@contextmanager
def _little_imported() -> Iterator[None]:
    """Let msgspec load nothing that it does without, if this is the command, which hid a module from it before."""
    modules: dict[str, Any] = sys.modules
    command = modules.get("typing_extensions", sys) is None
    missing = STAND_INS.keys() - modules.keys() if command else ()
    for name in missing:
        modules[name] = SimpleNamespace(**{each: type(each, (), {"unknown": None}) for each in STAND_INS[name]})
    typing: Any = modules["typing"]
    reference = typing.ForwardRef
    if command and sys.version_info >= (3, 11):
        # It makes one to see that these may be of a class, and Python would make a class of each word of its grammar.
        typing.ForwardRef = lambda *_, **__: None
    try:
        yield
    finally:
        typing.ForwardRef = reference
        for name in (*missing, "typing_extensions") if command else ():
            del modules[name]


try:
    with _little_imported():
        import msgspec
        from msgspec import field
        from msgspec.structs import astuple, replace
except (AttributeError, ImportError):
    # Another version wants more of them.
    import msgspec
    from msgspec import field
    from msgspec.structs import astuple, replace

if TYPE_CHECKING:
    from typing import NamedTuple

    # Frozen classes may have a base that is not, which type checkers know of this one alone.
    from msgspec import Struct
else:

    class Struct(msgspec.Struct, gc=False):
        """The base of all of them."""

    _new = tuple.__new__
    _MAKERS = (
        lambda _cls: _new(_cls, ()),
        lambda _cls, a: _new(_cls, (a,)),
        lambda _cls, a, b: _new(_cls, (a, b)),
        lambda _cls, a, b, c: _new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: _new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: _new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: _new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: _new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: _new(_cls, (a, b, c, d, e, f, g, h)),
        lambda _cls, a, b, c, d, e, f, g, h, i: _new(_cls, (a, b, c, d, e, f, g, h, i)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j: _new(_cls, (a, b, c, d, e, f, g, h, i, j)),
    )
    """What makes a tuple, by how many values it has; to compile one takes longer than all the rest of a class."""

    class _Named(tuple):
        """What all tuples with names do."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, /, **named):
            made = _new(type(self), map(named.pop, self._fields, self))
            if named:
                raise TypeError(f"{type(self).__name__} has no {' and no '.join(named)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            named = ", ".join([f"{name}={value!r}" for name, value in self._asdict().items()])
            return f"{type(self).__name__}({named})"

        def __getnewargs__(self):
            return tuple(self)

    class _Naming(type):
        """Makes a tuple of what has `NamedTuple` as its base."""

        def __new__(cls, name, bases, own):
            if not bases:
                return super().__new__(cls, name, bases, own)
            fields = tuple(own.get("__annotations__", ()))
            defaults = {each: own[each] for each in fields if each in own}
            if len(fields) >= len(_MAKERS) or fields[len(fields) - len(defaults):] != tuple(defaults):
                raise TypeError(f"{name} has more than {len(_MAKERS) - 1} fields, or a default before one without")
            maker = _MAKERS[len(fields)]
            code = maker.__code__.replace(co_varnames=("_cls", *fields), co_name=name)
            getters = {each: _tuplegetter(place, None) for place, each in enumerate(fields)}
            named = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__slots__": ()}
            make = FunctionType(code, maker.__globals__, "__new__", tuple(defaults.values()))
            make.__qualname__ = f"{name}.__new__"
            return type(name, (_Named,), own | getters | named | {"__new__": make})

    class NamedTuple(metaclass=_Naming):
        """As that of `typing`, which compiles a function for each class and its annotations: ten times as long."""
