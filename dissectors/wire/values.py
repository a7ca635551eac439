"""Values: classes of named fields, such as `class Point(Struct, frozen=True)`.

Made, compared and written down by compiled code (msgspec): a report holds tens of thousands of them, a start-up defines
a hundred and fifty. Everybody takes them from here.

Python does not look for cycles through them, which would take time and room for each: a value knows what it is made of
and never who holds it, so that there are none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
from msgspec import field
from msgspec.structs import astuple, replace

__all__ = ["Struct", "astuple", "field", "replace"]

if sys.modules.get("typing_extensions", sys) is None:
    # The command hid it from msgspec, which is loaded now.
    del sys.modules["typing_extensions"]

if TYPE_CHECKING:
    # Frozen classes may have a base that is not, which type checkers know of this one alone.
    from msgspec import Struct
else:

    class Struct(msgspec.Struct, gc=False):
        """The base of all of them."""
