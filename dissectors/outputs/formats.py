"""The formats of a report, one line each, for all commands.

This module imports none of them, because the help of the command line names them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dissectors.outputs.view import View
    from dissectors.report import Report


class Format:
    """One way to write a report.

    `module` has `write(report, view)`, which yields the text in pieces. A format `for_people` may be among other lines.
    Any other format has standard output for itself: several reports are one document that begins with `opening`, has
    `between` between two of them, and ends with `closing`, in which {summary} is the result of each file as JSON. One
    that is `single` has one report. `needs` is a library that it imports, by its extra.
    """

    def __init__(
        self, name: str, extension: str, help: str, module: str, *, for_people: bool = False, opening: str = "",
        between: str = "", closing: str = "", single: bool = False, needs: tuple[str, str] | None = None,
    ) -> None:
        self.name, self.extension, self.help, self.module = name, extension, help, module
        self.opening, self.between, self.closing = opening, between, closing
        self.for_people, self.single, self.needs = for_people, single, needs

    @property
    def lacking(self) -> str:
        """What to install before this format can be written; empty if nothing is missing."""
        if self.needs is None:
            return ""
        from importlib.util import find_spec

        if find_spec(self.needs[0]) is not None:
            return ""
        package, extra = self.needs
        return f"a report in {self.name.upper()} needs the package {package}: pip install 'muxshark[{extra}]'"

    def write(self, report: Report, view: View) -> Iterator[str]:
        """The report in pieces; write them one after the other."""
        pieces: Iterator[str] = import_module(self.module).write(report, view)
        return pieces


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("text", ".txt", "for people", "dissectors.outputs.terminal.page", for_people=True),
        Format("brief", ".brief", "a line a call", "dissectors.outputs.terminal.brief", for_people=True),
        Format(
            "json", ".json", "one JSON document (docs/report.md)", "dissectors.outputs.export",
            opening='{"reports": [\n', between=",\n", closing='],\n"summary": {summary}}\n',
        ),
        Format(
            "html", ".html", "one page to send, with nothing beside it", "dissectors.outputs.html.page", single=True,
            needs=("jinja2", "html"),
        ),
    )
}
"""Every format by its name."""

DEFAULT = "text"
"""The default format."""


def of_file(name: str) -> str:
    """The format for the ending of a file's name, or the default."""
    return next((each.name for each in FORMATS.values() if name.lower().endswith(each.extension)), DEFAULT)
