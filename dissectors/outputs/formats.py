"""The formats of a report, one line each, for all commands.

This module imports none of them, because the help of the command line names them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from dissectors.report import Report


class View(NamedTuple):
    """How a report for people is shown on a stream.

    `clock` is `relative`, `local` or `utc`; `width` overrides the terminal's; `everything` omits nothing; `weighed`
    adds the size of each message, now and with its body compressed; `nothing` is shown in place of the report;
    `explain` says why each finding matters, also of notes; `colour` is `always`, `never` or `auto`.
    """

    stream: TextIO
    clock: str = "relative"
    width: int | None = None
    everything: bool = False
    weighed: bool = False
    nothing: str = ""
    explain: bool = False
    colour: str = "auto"


class Format(NamedTuple):
    """One way to write a report.

    `module` has `write(report, view)`, which yields the text in pieces. A format `for_people` may be among other lines.
    Any other format has standard output for itself: several reports are one document that begins with `opening`, has
    `between` between two of them, and ends with `closing`, in which {summary} is the result of each file as JSON.
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
    )
}
"""Every format by its name."""

DEFAULT = "text"
"""The default format."""


def of_file(name: str) -> str:
    """The format for the ending of a file's name, or the default."""
    return next((each.name for each in FORMATS.values() if name.lower().endswith(each.extension)), DEFAULT)
