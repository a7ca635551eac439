"""Regular expressions that are compiled when they are first asked for.

To compile one takes as long as to read several messages, and most captures hold few of the protocols whose messages are
read with them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import AnyStr


def pattern(expression: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """What gives the expression, compiled: once, when it is first called."""
    return cache(partial(re.compile, expression, flags))
