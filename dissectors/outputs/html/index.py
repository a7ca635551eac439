"""The page that names many pages: a line for each capture, and where its page stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from dissectors.outputs.html.page import laid_out


class Entry(NamedTuple):
    """A capture: its name, its page, numbers of it by title, and its worst finding with the severity of that.

    A capture that cannot be read has no page, and `problem` says why.
    """

    name: str
    page: str
    numbers: tuple[str, ...] = ()
    severity: str = ""
    worst: str = ""
    problem: str = ""

    @property
    def link(self) -> str:
        """The page's name as an address; it stands in the same folder."""
        return quote(self.page)


def index(title: str, columns: Sequence[str], entries: Sequence[Entry], command: str) -> str:
    """The page; `columns` are the titles of the numbers, `command` is how to make it again."""
    return laid_out("index.html", title=title, columns=columns, entries=entries, command=command)
