"""A report for people: the sections in the order in which they are needed, in colours where colours help.

The only module that knows rich, for what rich is best at: which terminal this is, which colours it has, and what
NO_COLOR, COLUMNS and a pipe mean.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from dissectors.analysis.report import Finding, Report
from dissectors.outputs.calls import calls
from dissectors.outputs.lines import BLANK, Line, Page, hanging, line, span
from dissectors.outputs.media import checks, streams
from dissectors.outputs.summary import MARKS, STYLES, by_severity, headline, on_the_wire, places, worst

IN_ASCII = str.maketrans("→←⇄▶◀─━│·…✖▲●↻–", "><=><-=||~x!*@-")
NARROWEST = 40


def render(
    report: Report, stream: TextIO, *, clock: str = "relative", width: int | None = None, everything: bool = False
) -> str:
    """The report as text for `stream`: its width and colours when it is a terminal, plain lines when it is not.

    `clock` is `relative`, `local` or `utc`; `width` overrides the terminal's; `everything` leaves nothing out.
    """
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    page = Page(
        width=max(console.width, NARROWEST),
        plain=not console.is_terminal and width is None,
        colour=console.color_system is not None and not console.no_color,
        everything=everything,
        clock=clock,
        zero=report.capture.first or 0.0,
    )
    with console.capture() as capture:
        show(console, page, lines(page, report))
    return capture.get()


def lines(page: Page, report: Report) -> list[Line]:
    """The whole report: the sentence, what is wrong, what is on the wire, calls, streams, checks, every finding."""
    rows: list[Line] = hanging(page, line(*headline(report)[:2]), headline(report)[2].text)
    return [
        *rows,
        BLANK,
        *worst(page, report),
        *on_the_wire(page, report),
        BLANK,
        *calls(page, report),
        *streams(page, report),
        *checks(page, report),
        *findings(page, report),
    ]


def findings(page: Page, report: Report) -> list[Line]:
    """Every finding in full: what, why it matters, what to do, how sure, and where to look."""
    if not report.findings:
        return []
    rows = [line(span("Findings", "bold"))]
    for finding in by_severity(report.findings):
        rows += [*_finding(page, finding, report), BLANK]
    return rows[:-1]


def show(console: Console, page: Page, rows: Iterable[Line]) -> None:
    """Print lines as they are: never wrapped again, and cut only where a terminal would break them."""
    for row in rows:
        text = Text(no_wrap=True, overflow="ellipsis" if not page.plain else "ignore", end="\n")
        for part in row:
            text.append(part.text.translate(IN_ASCII) if console.options.ascii_only else part.text, part.style or None)
        text.rstrip()
        console.print(text, soft_wrap=page.plain, crop=not page.plain)


def _finding(page: Page, finding: Finding, report: Report) -> list[Line]:
    style = STYLES[finding.severity]
    if page.plain:
        head = line("  ", f"{finding.severity} {finding.id}: ")
    else:
        head = line("  ", span(f"{MARKS[finding.severity]} ", style))
    rows = hanging(page, head, finding.what, style.replace("bold ", ""))
    where = [places(finding.places, report.capture)] if finding.places else []
    where += [f"call {finding.call + 1}"] if finding.call is not None else []
    where += [f"SSRC {report.streams[finding.stream].ssrc:#010x}"] if finding.stream is not None else []
    for label, text in (("why", finding.why), ("do", finding.fix), ("where", ", ".join(where))):
        if text:
            rows += hanging(page, line("    ", span(f"{label:<6}", "dim")), text)
    sure = "" if finding.certainty == "certain" else f", certainty {finding.certainty}"
    return rows if page.plain else [*rows, line(span(f"    {finding.id}{sure}", "dim"))]
