"""What was found, a line each: the worst first, with its call, its moment and its frame."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from typing import Literal

from dissectors.outputs.terminal.lines import (
    BLANK,
    Line,
    Page,
    Span,
    cells,
    clip,
    count,
    hanging,
    line,
    listed,
    span,
    width_of,
)
from dissectors.outputs.terminal.moments import at, moment
from dissectors.outputs.terminal.summary import MARKS, SEVERITIES, STYLES, by_kind, places
from dissectors.report import Finding, Report

Density = Literal["why and what to do", "what to do", "what", "a line"]
DENSITIES: tuple[Density, ...] = ("why and what to do", "what to do", "what", "a line")
"""How much is said of a warning or an error; of the last two, one of a kind."""

MAX_ALIKE = 4
MAX_FRAMES = 3
BETWEEN = r"((?:SSRC 0x[0-9A-F]{8}, )?\S+ to \S+): (.+)"
"""What begins with who sends to whom."""

ANSWERED = r"the ([A-Z]+) was answered (\d{3} .+)"
"""What begins with the request that was answered."""

NARROW_CELLS = 60
"""On a page with fewer cells, the moment of a finding has no room, and no column its id."""

ID_TITLE = "finding"
MAX_ID_CELLS = 20
"""The column of ids is not wider; a longer id moves what stands behind it."""


def finding_lines(page: Page, report: Report, density: Density, room: int) -> list[Line]:
    """Every finding, the worst first; those of one kind are together. At most `room` lines, or all with 0."""
    if not report.findings:
        return [*hanging(page, line(span("Findings", "bold"), "   "), f"none: {looked_at(report)}", "dim"), BLANK]
    groups = sorted(by_kind(report.findings, apart=True), key=_when)
    rows = _Rows(page, report)
    lines: list[Line] = [rows.title(density), *([rows.heads()] if any(rows.widths) else [])]
    left = 0
    for group in groups:
        more = list(rows.group(group, density))
        if room and len(lines) + len(more) > room - 2:
            left += len(group)
            continue
        lines += more
    if left:
        lines.append(line(span(f"  … and {left:,} more, below", "dim")))
    return [*lines, BLANK]


def in_full(page: Page, report: Report) -> Iterator[Line]:
    """Every kind of finding once more, with all of its frames, why it matters and what to do."""
    for number, alike in enumerate(by_kind(report.findings)):
        yield BLANK if number else line(span("Findings in full", "bold"))
        finding = alike[0]
        style = STYLES[finding.severity]
        shown = alike if page.everything else alike[:MAX_ALIKE]
        for one in shown:
            yield from hanging(page, line("  ", span(f"{MARKS[finding.severity]} ", style)), one.what, style)
            yield from hanging(page, line("    "), " · ".join(_where(page, one, report)), "dim")
        if len(shown) < len(alike):
            yield line(span(f"    … and {len(alike) - len(shown):,} more like it (--all)", "dim"))
        yield from _advice(page, finding)


def looked_at(report: Report) -> str:
    """How many rules looked at what; what there was none of is not named."""
    from dissectors.findings.catalogue import RULES

    calls = sum(1 for call in report.calls if call.kind == "call")
    seen = (
        (calls, "call"), (len(report.calls) - calls, "other SIP transaction"), (len(report.distinct_streams), "stream"),
        (len(report.checks), "STUN path"), (len(report.handshakes), "DTLS handshake"),
    )
    named = [count(number, noun) for number, noun in seen if number]
    named = named or [count(report.capture.datagrams, "UDP datagram")]
    return f"{len(RULES)} rules looked at {listed(named)}"


def _when(group: list[Finding]) -> tuple[int, float]:
    """The order of kinds: the worst first, then as they happened."""
    times = [each.time for each in group if each.time is not None]
    return SEVERITIES.index(group[0].severity), min(times, default=math.inf)


def _advice(page: Page, finding: Finding, why: bool = True) -> Iterator[Line]:
    """Why a finding matters, and what to do."""
    for label, text in ((("why", finding.why),) if why else ()) + (("do", finding.fix),):
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


def decisive(what: str) -> str:
    """What was found, and then whose it is: where there is no room for both, the second is cut."""
    if found := re.fullmatch(BETWEEN, what):
        return f"{found[2]}, {found[1]}"
    found = re.fullmatch(ANSWERED, what)
    return f"{found[2]}, to {found[1]}" if found else what


class _Rows:
    """The rows of findings in columns: mark, call, moment, frame, and what was found."""

    def __init__(self, page: Page, report: Report) -> None:
        self.page, self.report = page, report
        cut = [self._cells(finding) for finding in report.findings]
        names = ("call" if report.numbered else "", "time" if page.width >= NARROW_CELLS else "", "frame")
        self.names = names
        ids = [cells(each.id) for each in report.findings if cells(each.id) <= MAX_ID_CELLS]
        self.id_cells = max([cells(ID_TITLE), *ids])
        self.ids_ahead = not page.plain and page.width >= NARROW_CELLS
        self.widths = [
            max([cells(name), *(cells(row[i]) for row in cut)]) if name and any(row[i] for row in cut) else 0
            for i, name in enumerate(names)
        ]

    def title(self, density: Density) -> Line:
        """How many there are of each severity; where not all is said of them, that it is said below."""
        found = self.report.findings
        numbers = {name: sum(1 for each in found if each.severity == name) for name in MARKS}
        said = [span(count(number, name), STYLES[name]) for name, number in numbers.items() if number]
        parts = [part for each in said for part in (span(", "), each)][1:]
        rest = "" if density == DENSITIES[0] or len(found) == numbers["note"] else " · why and what to do: below"
        return line(span("Findings", "bold"), "   ", *parts, span(rest, "dim"))

    def heads(self) -> Line:
        """The names of the columns; nothing where there is but one."""
        mark = " " * (max(map(len, MARKS)) if self.page.plain else 1)
        named = f"{ID_TITLE:<{self.id_cells}}  " if self.ids_ahead else ""
        return line(span(f"  {mark} {self._joined(self.names)}{named}what", "dim"))

    def group(self, group: list[Finding], density: Density) -> Iterator[Line]:
        """The findings of one kind, and once what is to be said of all of them."""
        note = group[0].severity == "note" and not self.page.explain
        one_of_a_kind = DENSITIES.index(density) > 1
        shown = group if self.page.everything else group[: 1 if one_of_a_kind else MAX_ALIKE]
        more = len(group) - len(shown)
        for one in shown:
            if (note or density == "a line") and not self.page.plain:
                yield self._short(one, more if one_of_a_kind else 0)
            elif density == "what":
                said = f"{one.what} (and {more:,} more)" if more else one.what
                yield from self._hung(one, said)
            else:
                yield from self._whole(one)
        if more and not one_of_a_kind:
            yield line(span(f"    … and {more:,} more like it (--all)", "dim"))
        if not (note or one_of_a_kind):
            yield from _advice(self.page, group[0], why=density == DENSITIES[0])

    def _short(self, one: Finding, more: int) -> Line:
        """A finding in one line, with how many more are like it; its id if that has room."""
        lead, style = (*self._lead(one), self._id(one)), STYLES[one.severity]
        end = f" (+{more:,} more)" if more else ""
        room = self.page.width - width_of(lead) - cells(end)
        tail = self._tail(one)
        fits = cells(one.what) + cells(tail) <= room
        what = one.what if cells(one.what) <= room else decisive(one.what)
        return (*lead, span(clip(what, room), style), span(end, "dim"), span(tail if fits else "", "dim"))

    def _whole(self, one: Finding) -> Iterator[Line]:
        """A finding in as many lines as it takes; one on a plain page."""
        tail = self._tail(one)
        rows = self._hung(one, one.what)
        if self.page.plain or not tail or width_of(rows[-1]) + cells(tail) <= self.page.width:
            yield from rows[:-1]
            yield (*rows[-1], span(tail, "dim"))
        else:
            yield from rows
            indent = width_of(self._lead(one)) if self.ids_ahead else 4
            yield from hanging(self.page, line(" " * indent), tail.strip(), "dim")

    def _hung(self, one: Finding, said: str) -> list[Line]:
        """A finding in as many lines as it takes; further ones begin below its id."""
        lead, style = self._lead(one), STYLES[one.severity]
        return hanging(self.page, (*lead, self._id(one)), said, style, indent=width_of(lead))

    def _id(self, one: Finding) -> Span:
        return span(f"{one.id:<{self.id_cells}}  " if self.ids_ahead else "", "bold")

    def _lead(self, one: Finding) -> Line:
        mark = f"{one.severity:<{max(map(len, MARKS))}}" if self.page.plain else MARKS[one.severity]
        return line("  ", span(f"{mark} ", STYLES[one.severity]), span(self._joined(self._cells(one)), "dim"))

    def _tail(self, one: Finding) -> str:
        """Its id unless it stands ahead, how sure it is, and its frames if there are several, in brackets."""
        said = [] if self.ids_ahead else [one.id]
        said += [] if one.certainty == "certain" else [f"certainty {one.certainty}"]
        said += [places(one.places, self.report.capture, MAX_FRAMES)] if len(one.places) > 1 else []
        return f" [{', '.join(said)}]" if said else ""

    def _cells(self, finding: Finding) -> tuple[str, str, str]:
        return (
            self.report.number_of(self.report.call_of(finding)),
            "" if finding.time is None else moment(self.page, finding.time),
            self._frame(finding),
        )

    def _frame(self, finding: Finding) -> str:
        """The first of its frames; with the file's name if there are several files."""
        place = next((place for place in finding.places if place.frame), None)
        if place is None:
            return ""
        files = self.report.capture.files
        return f"#{place.frame}" if len(files) < 2 else f"{os.path.basename(files[place.file].name)}#{place.frame}"

    def _joined(self, row: tuple[str, ...]) -> str:
        return "".join(f"{cell:>{width}}  " for cell, width in zip(row, self.widths, strict=True) if width)
