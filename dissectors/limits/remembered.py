"""Readings that are remembered: what calls say, they say again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar

MAX_TEXTS = 512
MAX_TEXT_LENGTH = 512
"""How many texts a reading remembers, and how long the longest is."""

UNKNOWN: Any = object()

Text = TypeVar("Text", str, bytes)
Value = TypeVar("Value")


class Remembered:
    """A reading with what it made of the texts before; half of them are forgotten at once, those not asked for lately.

    What was read is `latest`; when that is half of all, it becomes `before`, and what is asked for again comes back.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read
        self.latest: dict[Any, Any] = {}
        self.before: dict[Any, Any] = {}

    def __call__(self, text: Any) -> Any:
        """What the reading makes of a text."""
        return self.recall(text)

    def recall(self, text: Any) -> Any:
        """The same, for those who are compiled."""
        found = self.latest.get(text, UNKNOWN)
        return self._again(text) if found is UNKNOWN else found

    def _again(self, text: Any) -> Any:
        """What it makes of a text that was not asked for lately."""
        if len(text) > MAX_TEXT_LENGTH:
            return self.read(text)
        found = self.before.get(text, UNKNOWN)
        if found is UNKNOWN:
            found = self.read(text)
        if len(self.latest) >= MAX_TEXTS // 2:
            self.before, self.latest = self.latest, {}
        self.latest[text] = found
        return found


def remembered(read: Callable[[Text], Value]) -> Callable[[Text], Value]:
    """The same reading, which gives back what it made of a text before; its values must not be changed by anybody."""
    return update_wrapper(Remembered(read), read)
