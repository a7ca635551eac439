"""The formats of a report: a line each, and the one place where every command looks for them.

Importing this imports none of them, for the command line's help names them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from dissectors.report import Report


class View(NamedTuple):
    """How a report is wanted, for formats that people read: where it goes, and what `terminal.page.render` takes."""

    stream: TextIO
    clock: str = "relative"
    width: int | None = None
    everything: bool = False
    weighed: bool = False
    nothing: str = ""


class Format(NamedTuple):
    """One way to write a report.

    `module` has `write(report, view)`, which yields the text in pieces. What is written `for_people` may stand among
    other lines. Of any other format nothing else goes to standard output: several reports are one document that begins
    with `opening`, has `between` between two of them, and ends with `closing`, in which {summary} is what became of
    each file as JSON.
    """

    name: str
    extension: str
    help: str
    module: str
    for_people: bool = False
    opening: str = ""
    between: str = ""
    closing: str = ""

    def write(self, report: Report, view: View) -> Iterator[str]:
        """The report in pieces, to be written one after the other."""
        pieces: Iterator[str] = import_module(self.module).write(report, view)
        return pieces


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("text", ".txt", "for people", "dissectors.outputs.terminal.page", for_people=True),
        Format(
            "json", ".json", "one JSON document (docs/report.md)", "dissectors.outputs.export",
            opening='{"reports": [\n', between=",\n", closing='],\n"summary": {summary}}\n',
        ),
    )
}
"""Every format by its name."""

DEFAULT = "text"
"""The one that nobody has to ask for."""


def of_file(name: str) -> str:
    """The format that the ending of a file's name asks for, or the default."""
    return next((each.name for each in FORMATS.values() if name.lower().endswith(each.extension)), DEFAULT)
