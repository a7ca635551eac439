"""A report for people: its sections, the most urgent first, with colours.

The only module that uses rich: rich knows the terminal, its colours, NO_COLOR, COLUMNS and pipes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

from dissectors.outputs.escape import IN_ASCII as IN_ASCII
from dissectors.outputs.terminal.calls import calls
from dissectors.outputs.terminal.encryption import encryption
from dissectors.outputs.terminal.findings import in_full
from dissectors.outputs.terminal.lines import BLANK, Line, Page, Span
from dissectors.outputs.terminal.media import checks, streams
from dissectors.outputs.terminal.palette import PALETTE
from dissectors.outputs.terminal.quality import handshakes, quality
from dissectors.outputs.terminal.secured import channels, secured, security
from dissectors.outputs.terminal.sessions import sessions
from dissectors.outputs.terminal.sizes import sizes
from dissectors.outputs.terminal.story import story
from dissectors.outputs.terminal.summary import on_the_wire, opening
from dissectors.outputs.terminal.video import video
from dissectors.outputs.view import View
from dissectors.report import Report

MIN_WIDTH = 40
PIECE_LINES = 512
ASKED: dict[str, dict[str, Any]] = {
    "always": {"force_terminal": True, "no_color": False, "color_system": "256"},
    "never": {"no_color": True, "color_system": None},
}
"""What the console is told where colours were asked for, or none."""


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`."""
    return pieces(report, view)


def render(report: Report, view: View) -> str:
    """The same as `pieces`, as one text."""
    return "".join(pieces(report, view))


def pieces(report: Report, view: View) -> Iterator[str]:
    """The report as text for a stream: its width and colours when it is a terminal, plain lines when it is not.

    Each piece is rendered on demand, so a long report is never in memory as a whole.
    """
    console = terminal(view.stream, view.width, view.colour)
    on_screen = console.is_terminal if view.colour == "auto" else view.stream.isatty()
    page = Page(
        width=max(console.width, MIN_WIDTH),
        plain=not on_screen and view.width is None,
        colour=console.color_system is not None and not console.no_color,
        everything=view.everything,
        clock=view.clock,
        zero=report.capture.first or 0.0,
        height=console.height if on_screen else 0,
        explain=view.explain,
    )
    nothing = view.nothing
    shown = iter(opening(page, report, nothing)) if nothing else lines(page, report, view.weighed)
    while piece := [*islice(shown, PIECE_LINES)]:
        with console.capture() as capture:
            show(console, page, piece)
        yield capture.get()


def terminal(stream: TextIO, width: int | None = None, colour: str = "auto") -> Console:
    """What draws on a stream; `colour` is `always`, `never`, or `auto`: as the stream and the environment have it."""
    theme, asked = Theme(PALETTE), ASKED.get(colour, {})
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, theme=theme, **asked)


def lines(page: Page, report: Report, weighed: bool = False) -> Iterator[Line]:
    """The whole report: the first sentence, calls and findings on the first screen, then everything in detail."""
    head = [*opening(page, report), BLANK]
    yield from head
    first = story(page, report, len(head))
    yield from first.lines
    yield from on_the_wire(page, report)
    yield BLANK
    yield from calls(page, report, first.every_call)
    for part in (streams, quality, video, checks, sessions, handshakes, channels, secured, security, encryption):
        yield from part(page, report)
    if not first.every_finding:
        yield from in_full(page, report)
    if weighed:
        yield BLANK
        yield from sizes(page, report)


def show(console: Console, page: Page, rows: Iterable[Line]) -> None:
    """Print lines unchanged: never wrapped again, and cut only if a terminal would break them."""
    # A console looks at its terminal and at the environment whenever it is asked.
    width, ascii_only = 0 if page.plain else console.width, console.options.ascii_only
    style_of, end = cache(console.get_style), Segment.line()
    segments: list[Segment] = []
    for row in rows:
        drawn = tuple([Span(text.translate(IN_ASCII), style) for text, style in row]) if ascii_only else row
        text = "".join([part.text for part in drawn]).rstrip()
        if width and cell_len(text) > width:
            segments += _cut(console, drawn, width)
        else:
            segments += _segments(drawn, len(text), style_of)
        segments.append(end)
    console.print(Segments(segments), soft_wrap=True)


def _segments(row: Line, length: int, style_of: Callable[[str], Style]) -> Iterator[Segment]:
    """The first `length` characters of a line."""
    for text, style in row:
        if length <= 0:
            break
        yield Segment(text[:length], style_of(style))
        length -= len(text)


def _cut(console: Console, row: Line, width: int) -> Iterable[Segment]:
    """A line that ends with … if it is wider than `width` cells."""
    text = Text()
    for part in row:
        text.append(part.text, part.style or None)
    text.rstrip()
    text.truncate(width, overflow="ellipsis")
    return text.render(console)
