"""Values: classes of named fields, such as `class Point(Struct, frozen=True)`.

Made, compared and written down by compiled code (msgspec): a report holds tens of thousands of them, a start-up defines
a hundred and fifty. Everybody takes them from here.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = ["Struct", "field", "replace"]
