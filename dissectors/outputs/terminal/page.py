"""A report for people: its sections, the most urgent first, with colours.

The only module that uses rich: rich knows the terminal, its colours, NO_COLOR, COLUMNS and pipes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from dissectors.outputs.escape import IN_ASCII as IN_ASCII
from dissectors.outputs.formats import View
from dissectors.outputs.terminal.calls import calls
from dissectors.outputs.terminal.lines import BLANK, Line, Page, Span, flowing, hanging, line, span
from dissectors.outputs.terminal.media import checks, streams
from dissectors.outputs.terminal.moments import at
from dissectors.outputs.terminal.quality import handshakes, quality
from dissectors.outputs.terminal.secured import secured
from dissectors.outputs.terminal.sessions import sessions
from dissectors.outputs.terminal.sizes import sizes
from dissectors.outputs.terminal.summary import MARKS, STYLES, by_kind, headline, on_the_wire, places, worst
from dissectors.report import Finding, Report

MIN_WIDTH = 40
MAX_ALIKE = 4
PIECE_LINES = 512


def write(report: Report, view: View) -> Iterator[str]:
    """The report as a format of `outputs.formats`."""
    stream, clock, width, everything, weighed, nothing = view
    return pieces(
        report, stream, clock=clock, width=width, everything=everything, weighed=weighed, nothing=nothing
    )


def render(
    report: Report,
    stream: TextIO,
    *,
    clock: str = "relative",
    width: int | None = None,
    everything: bool = False,
    weighed: bool = False,
    nothing: str = "",
) -> str:
    """The same as `pieces`, as one text."""
    return "".join(
        pieces(report, stream, clock=clock, width=width, everything=everything, weighed=weighed, nothing=nothing)
    )


def pieces(
    report: Report,
    stream: TextIO,
    *,
    clock: str = "relative",
    width: int | None = None,
    everything: bool = False,
    weighed: bool = False,
    nothing: str = "",
) -> Iterator[str]:
    """The report as text for `stream`: its width and colours when it is a terminal, plain lines when it is not.

    `clock` is `relative`, `local` or `utc`; `width` overrides the terminal's; `everything` omits nothing; `weighed`
    adds the size of each message, now and with its body compressed; `nothing` is shown in place of the report. Each
    piece is rendered on demand, so a long report is never in memory as a whole.
    """
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    page = Page(
        width=max(console.width, MIN_WIDTH),
        plain=not console.is_terminal and width is None,
        colour=console.color_system is not None and not console.no_color,
        everything=everything,
        clock=clock,
        zero=report.capture.first or 0.0,
    )
    shown = iter(opening(page, report, nothing)) if nothing else lines(page, report, weighed)
    while piece := [*islice(shown, PIECE_LINES)]:
        with console.capture() as capture:
            show(console, page, piece)
        yield capture.get()


def lines(page: Page, report: Report, weighed: bool = False) -> Iterator[Line]:
    """The whole report: the first sentence, the problems, the traffic, calls, streams, checks, every finding."""
    yield from opening(page, report)
    yield BLANK
    yield from worst(page, report)
    yield from on_the_wire(page, report)
    yield BLANK
    yield from calls(page, report)
    for part in (streams, quality, checks, sessions, handshakes, secured, findings):
        yield from part(page, report)
    if weighed:
        yield BLANK
        yield from sizes(page, report)


def opening(page: Page, report: Report, story: str = "") -> list[Line]:
    """The first sentence of a report; `story` replaces the part on what happened."""
    name, colon, sentence = headline(report, story)
    return hanging(page, (name, colon), sentence.text, indent=2)


def findings(page: Page, report: Report) -> Iterator[Line]:
    """Every finding in full: what and where; similar ones share why it matters and what to do."""
    for number, alike in enumerate(by_kind(report.findings)):
        yield BLANK if number else line(span("Findings", "bold"))
        yield from _alike(page, alike, report)


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


def _alike(page: Page, alike: list[Finding], report: Report) -> Iterator[Line]:
    finding = alike[0]
    style = STYLES[finding.severity]
    shown = alike if page.everything else alike[:MAX_ALIKE]
    mark = f"{finding.severity} {finding.id}: " if page.plain else f"{MARKS[finding.severity]} "
    for one in shown:
        yield from hanging(page, line("  ", span(mark, style)), one.what, style)
        where = [line(span(part, "dim")) for part in _where(page, one, report)]
        yield from flowing(page, line("    "), where, " · ", 4)
    if len(shown) < len(alike):
        yield line(span(f"    … and {len(alike) - len(shown):,} more like it (--all)", "dim"))
    for label, text in (("why", finding.why), ("do", finding.fix)):
        yield from hanging(page, line("    ", span(f"{label:<5}", "dim")), text)


def _where(page: Page, finding: Finding, report: Report) -> list[str]:
    """The finding's id, its moment, its certainty, and its frames."""
    parts = [finding.id]
    parts += [] if finding.time is None else [f"at {at(page, finding.time)}"]
    parts += [] if finding.certainty == "certain" else [f"certainty {finding.certainty}"]
    parts += [frames] if (frames := places(finding.places, report.capture)) else []
    parts += [f"call {report.number_of(finding.call)}"] if finding.call is not None else []
    parts += [f"SSRC 0x{report.streams[finding.stream].ssrc:08X}"] if finding.stream is not None else []
    return parts
