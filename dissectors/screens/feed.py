"""What a screen on which one goes about asks of who reads for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dissectors.outputs.terminal.lines import Line
from dissectors.report import Place
from dissectors.screens.book import Book


class Feed(Protocol):
    """A capture that is read, or a session that goes on. A thread of its own gives the `book` its reports.

    `title` says what it is, `lasts` whether it goes on until somebody ends it; `trouble` is why it ended badly, empty
    otherwise.
    """

    book: Book
    title: str
    lasts: bool
    trouble: str

    def begin(self) -> None:
        """Start to read."""

    def meters(self) -> Line:
        """How far it is, in a line."""

    def news(self) -> list[str]:
        """What people should know, once each."""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""

    def shown(self) -> None:
        """Called when the first of its reports is on the screen."""

    def stop(self) -> None:
        """End; what was received is still read."""

    def written(self, place: Place) -> list[str]:
        """The messages of a frame as they were written, bodies inflated, as lines; empty where they are not held.

        It may take its time, and is not called by the thread that draws.
        """

    def suggested(self, numbers: Sequence[int]) -> str:
        """A name for a file with these calls."""

    def save(self, numbers: Sequence[int], path: str) -> str:
        """Write these calls to a file, and say what came of it; as for `written`, nobody waits for it."""
