"""Readings that are remembered: what calls say, they say again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

MAX_TEXTS = 512
MAX_TEXT_LENGTH = 512
"""How many texts a reading remembers, and how long the longest is."""

Text = TypeVar("Text", str, bytes)
Value = TypeVar("Value")


def remembered(read: Callable[[Text], Value]) -> Callable[[Text], Value]:
    """The same reading, which gives back what it made of a text before; its values must not be changed by anybody."""
    again = lru_cache(MAX_TEXTS)(read)

    @wraps(read)
    def remember(text: Text) -> Value:
        return again(text) if len(text) <= MAX_TEXT_LENGTH else read(text)

    return remember
