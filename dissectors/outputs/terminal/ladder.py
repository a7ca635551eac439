"""The ladder of a call: its steps as arrows between the endpoints, with the time between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from dissectors.outputs.terminal.lines import (
    Column,
    Heading,
    Line,
    Page,
    Span,
    cells,
    clip,
    line,
    span,
    table,
    width_of,
)
from dissectors.outputs.terminal.moments import moment, seconds
from dissectors.outputs.terminal.steps import Step, lanes_of
from dissectors.wire.values import replace

MAX_STEPS = 48
MAX_LANES = 5
MIN_LANE_CELLS = 20
USUAL_LANE_CELLS = 28
MAX_LANE_CELLS = 46
MIN_TEXT_CELLS = 6
"""Cells of a response's text that must be left for the name of its request to stand behind it."""

UNBOUNDED = 1 << 16
PAUSE_SECONDS = 2.0
"""Seconds without any step that get a row of their own."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Rung(NamedTuple):
    """A line of a ladder, and the step that it draws; None for heads, pauses and what stands under an arrow."""

    line: Line
    step: Step | None = None


def ladder(page: Page, steps: Sequence[Step]) -> list[Line]:
    """The lines of the `rungs`."""
    return [rung.line for rung in rungs(page, steps)]


def rungs(page: Page, steps: Sequence[Step]) -> list[Rung]:
    """Arrows if the page has room for the lanes, else one line per step with both its endpoints.

    Lanes are the endpoints of the messages, or of events if there are no messages; an event on another port of the
    same host is drawn on that host's lane.
    """
    shown = steps if page.everything else steps[:MAX_STEPS]
    lanes = _lanes(shown)
    moments = [moment(page, step.time) for step in shown]
    left = max(map(cells, moments), default=0) + 4
    gap = _gap(page, shown, left, len(lanes)) if len(lanes) > 1 else 0
    if page.plain or not 2 <= len(lanes) <= MAX_LANES or gap < MIN_LANE_CELLS:
        bare = [replace(step, under=()) for step in shown if not step.event]
        whole = _listed(replace(page, width=UNBOUNDED), bare, {})
        fits = page.plain or max((width_of(rung.line) for rung in whole), default=0) <= page.width
        drawn = _listed(page, shown, {}) if fits else _lettered(page, shown)
    else:
        drawn = [*map(Rung, _heads(lanes, gap, left)), *_drawn(page, shown, moments, lanes, gap)]
    if len(shown) < len(steps):
        drawn.append(Rung(line(span(f"  … and {len(steps) - len(shown):,} more steps (--all)", "dim"))))
    return drawn


def _gap(page: Page, steps: Sequence[Step], left: int, lanes: int) -> int:
    """The distance of the lanes: texts of events beside them are cut before arrows get short."""
    gaps = []
    for shown in (steps, [step for step in steps if not step.event]):
        most = max((sum(cells(part.text) for part in step.note) for step in shown), default=0)
        gaps.append(min(MAX_LANE_CELLS, (page.width - left - most - 4) // (lanes - 1)))
    return gaps[0] if gaps[0] >= USUAL_LANE_CELLS else gaps[1]


def _lanes(steps: Sequence[Step]) -> list[str]:
    messages = [step for step in steps if not step.event] or steps
    return list(dict.fromkeys(end for step in messages for end in (step.src, step.dst)))


def _drawn(page: Page, steps: Sequence[Step], moments: list[str], lanes: list[str], gap: int) -> list[Rung]:
    width = max(map(cells, moments), default=0)
    rows: list[Rung] = []
    before: float | None = None
    for time, step in zip(moments, steps, strict=True):
        if before is not None and step.time - before >= PAUSE_SECONDS:
            passed = f"⋮ {seconds(step.time - before)}"
            bars = "".join("│".ljust(gap) for _ in lanes).rstrip()
            rows.append(Rung(line(span(f"  {'':>{width}}  "), span(bars, "dim"), span(f"   {passed}", "dim"))))
        before = step.time
        src, dst = lanes_of(step, lanes)
        ends = None if src is None else lanes.index(src), None if dst is None else lanes.index(dst)
        arrow = _arrow(step, ends[0], ends[1], len(lanes), gap)
        room = page.width - width - 4 - sum(cells(part.text) for part in arrow) - 3
        row = (Span(f"  {time:>{width}}  ", "dim"), *arrow, Span("   "), *_fitting(step.note, room))
        rows.append(Rung(row, step))
        low = min([end for end in ends if end is not None], default=0)
        under = _under(step, low, len(lanes), gap, page.width - width - 4)
        rows += [Rung((Span(" " * (width + 4)), *row)) for row in under]
    return rows


def _under(step: Step, low: int, lanes: int, gap: int, room: int) -> Iterator[Line]:
    """The headers that decide, from the lane `low` of their arrow on, over the bars of the others."""
    bars = "│".ljust(gap) * (lanes - 1) + "│"
    start = gap * low + 2
    for text in _joined(step.under, room - start):
        yield line(span(bars[:start], "dim"), span(text, "yellow"), span(bars[start + cells(text) :], "dim"))


def _joined(texts: Sequence[str], room: int) -> Iterator[str]:
    """Texts, as many in a row as have room; one that is wider is cut."""
    row = ""
    for text in texts:
        both = f"{row} · {text}" if row else text
        if row and cells(both) > room:
            yield clip(row, room)
            both = text
        row = both
    if row:
        yield clip(row, room)


def _said(step: Step, room: int) -> str:
    """The text of a step, cut so that what it answers still has room."""
    rest = room - cells(step.answers)
    return clip(step.text, rest) + step.answers if rest >= MIN_TEXT_CELLS else clip(step.text, room)


def _fitting(note: Line, room: int) -> Line:
    """The text beside an arrow, cut at the width of the page."""
    kept: list[Span] = []
    for part in note:
        if room <= 1:
            break
        text = clip(part.text, room)
        kept.append(Span(text, part.style))
        room -= cells(text)
    return tuple(kept)


def _arrow(step: Step, src: int | None, dst: int | None, lanes: int, gap: int) -> Line:
    """One row of lanes with the step drawn between its two; a step without lanes is beside the last one."""
    if src is None or dst is None or src == dst:
        low = high = dst if src is None else src
        if low is None:
            return line(span("".join("│".ljust(gap) for _ in range(lanes)).rstrip(), "dim"), span(f" {step.text}"))
        before, after = "│".ljust(gap) * low, "".join("│".rjust(gap) for _ in range(lanes - 1 - (high or 0)))
        text = clip(f" ↻ {step.text}" if src == dst else f" · {step.text}", MIN_LANE_CELLS - 1)
        return line(span(before, "dim"), span("│", "dim"), span(text, step.style), span(after[cells(text) :], "dim"))
    low, high = sorted((src, dst))
    before, after = "│".ljust(gap) * low, "".join("│".rjust(gap) for _ in range(lanes - 1 - high))
    room = gap * (high - low) - 1
    text = f" {_said(step, room - 6)} "
    fill = room - 1 - cells(text)
    stroke, right, back = ("┄", "▷", "◁") if step.event else ("─", "▶", "◀")
    if src < dst:
        drawn = f"{stroke * (fill // 2)}{text}{stroke * (fill - fill // 2)}{right}"
    else:
        drawn = f"{back}{stroke * (fill - fill // 2)}{text}{stroke * (fill // 2)}"
    return line(span(before + "│", "dim"), span(drawn, step.style), span("│" + after, "dim"))


def _heads(lanes: list[str], gap: int, left: int) -> list[Line]:
    """The endpoints over their lanes; if they are too long, letters with a legend before them."""
    starts = [max(0, gap * i - len(name) // 2) for i, name in enumerate(lanes)]
    ends = [start + len(name) + 1 for start, name in zip(starts, lanes, strict=True)]
    if all(end < start for end, start in zip(ends, starts[1:], strict=False)):
        row = ""
        for start, name in zip(starts, lanes, strict=True):
            row = row.ljust(start) + name
        return [line(" " * left, span(row, "bold"))]
    legend = [line(f"  {letter}  ", span(name, "bold")) for letter, name in zip(LETTERS, lanes, strict=False)]
    return [*legend, line(" " * left, span("".join(f"{letter:<{gap}}" for letter in LETTERS[: len(lanes)]), "bold"))]


def _lettered(page: Page, steps: Sequence[Step]) -> list[Rung]:
    """One line per step, with a letter for each endpoint, for a narrow page."""
    ends = dict.fromkeys(end for step in steps for end in (step.src, step.dst))
    letters = {end: f"{LETTERS[i % 26]}{i // 26 or ''}" for i, end in enumerate(ends)}
    legend = [Rung(line(f"  {letter}  ", span(end, "bold"))) for end, letter in letters.items()]
    return [*legend, *_listed(page, steps, letters)]


def _listed(page: Page, steps: Sequence[Step], names: dict[str, str]) -> list[Rung]:
    columns = (
        Column("time", "right"), Column("from" if not names else ""), Column(""), Column("to" if not names else ""),
        Column("message", "left", 0, 12), Column("", "left", 1, 12),
    )
    rows: list[Line | Heading] = []
    of: list[Step | None] = [None]
    before: float | None = None
    for step in steps:
        if not page.plain and before is not None and step.time - before >= PAUSE_SECONDS:
            rows.append(Heading(line(span(f"⋮ {seconds(step.time - before)}", "dim"))))
            of.append(None)
        before = step.time
        said = "".join(part.text for part in step.note)
        beside = span("  ".join([said, *step.under]) if page.plain else said)
        time, arrow = span(moment(page, step.time)), span("→")
        src, dst = names.get(step.src, step.src), names.get(step.dst, step.dst)
        rows.append((time, span(src), arrow, span(dst), span(step.text + step.answers, step.style), beside))
        of.append(step)
        if not page.plain:
            under = [Heading(line("    ", span(text, "yellow"))) for text in _joined(step.under, page.width - 6)]
            rows += under
            of += [None] * len(under)
    # Behind the title and the rows, a table may say for which columns it has no room.
    return [Rung(*each) for each in zip_longest(table(page, columns, rows), of) if each[0] is not None]
