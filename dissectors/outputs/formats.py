"""The formats of a report, one line each, for all commands.

This module imports none of them, because the help of the command line names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from dissectors.report import Place, Report


class Sent(NamedTuple):
    """A message as it was sent: start line and headers, the body as text, inflated, its octets if it was compressed."""

    head: str
    body: str
    octets: str = ""


class View(NamedTuple):
    """How a report for people is shown on a stream.

    `clock` is `relative`, `local` or `utc`; `width` overrides the terminal's; `everything` omits nothing; `weighed`
    adds the size of each message, now and with its body compressed; `nothing` is shown in place of the report;
    `explain` says why each finding matters, also of notes; `colour` is `always`, `never` or `auto`. A page that others
    read has what a report lacks: the messages of a frame as they were `sent`, the `command`, and `digests`, the SHA-256
    of each file, empty where it cannot be read again.
    """

    stream: TextIO
    clock: str = "relative"
    width: int | None = None
    everything: bool = False
    weighed: bool = False
    nothing: str = ""
    explain: bool = False
    colour: str = "auto"
    sent: Mapping[Place, Sequence[Sent]] | None = None
    command: str = ""
    digests: tuple[str, ...] = ()


class Format(NamedTuple):
    """One way to write a report.

    `module` has `write(report, view)`, which yields the text in pieces. A format `for_people` may be among other lines.
    Any other format has standard output for itself: several reports are one document that begins with `opening`, has
    `between` between two of them, and ends with `closing`, in which {summary} is the result of each file as JSON. One
    that is `single` has one report. `needs` is a library that it imports, by its extra.
    """

    name: str
    extension: str
    help: str
    module: str
    for_people: bool = False
    opening: str = ""
    between: str = ""
    closing: str = ""
    single: bool = False
    needs: tuple[str, str] | None = None

    @property
    def lacking(self) -> str:
        """What to install before this format can be written; empty if nothing is missing."""
        if self.needs is None or find_spec(self.needs[0]) is not None:
            return ""
        return f"{self.help} needs the package {self.needs[0]}: pip install 'muxshark[{self.needs[1]}]'"

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
            "html", ".html", "a page that needs nothing else", "dissectors.outputs.html.page", single=True,
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
