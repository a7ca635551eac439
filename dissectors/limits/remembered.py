"""Readings that are remembered: what calls say, they say again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

MOST_REMEMBERED = 512
LONGEST_REMEMBERED = 512
"""How many texts a reading remembers, and how long the longest is."""

Text = TypeVar("Text", str, bytes)
Value = TypeVar("Value")


def remembered(read: Callable[[Text], Value]) -> Callable[[Text], Value]:
    """The same reading, which gives back what it made of a text before; its values must not be changed by anybody."""
    again = lru_cache(MOST_REMEMBERED)(read)

    @wraps(read)
    def remember(text: Text) -> Value:
        return again(text) if len(text) <= LONGEST_REMEMBERED else read(text)

    return remember
