"""Values: classes of named fields, such as `class Point(Struct, frozen=True)`, and tuples with names.

Made, compared and written down by compiled code (msgspec): a report holds tens of thousands of them, a start-up defines
a hundred and fifty. Everybody takes them from here.

Python does not look for cycles through them, which would take time and room for each: a value knows what it is made of
and never who holds it, so that there are none.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
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

    class _Naming(type):
        """Makes a tuple of what has `NamedTuple` as its base."""

        def __new__(cls, name, bases, own):
            if not bases:
                return super().__new__(cls, name, bases, own)
            fields = own.get("__annotations__", {})
            defaults = [own[each] for each in fields if each in own]
            made = namedtuple(name, fields, defaults=defaults, module=own["__module__"])
            for each in own.keys() - fields.keys() - {"__module__"}:
                setattr(made, each, own[each])
            return made

    class NamedTuple(metaclass=_Naming):
        """As that of `typing`, which compiles each annotation: that takes five times as long."""
