"""The columns of the calls: the one place that says what stands in each, how wide it is, and how it sorts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from dissectors.findings.rules import SEVERITIES
from dissectors.live.states import Course
from dissectors.outputs.escape import visible
from dissectors.outputs.terminal.gauges import lasting
from dissectors.outputs.terminal.lines import Line, Page, Span, cells, clip
from dissectors.outputs.terminal.moments import milliseconds, moment
from dissectors.outputs.terminal.parties import party
from dissectors.outputs.terminal.summary import MARKS, STYLES
from dissectors.screens.book import Entry
from dissectors.wire.values import Struct

BAD_LOSS, POOR_LOSS, BAD_MOS, POOR_MOS = 0.05, 0.01, 3.1, 3.6
MIN_PARTY_CELLS, WIDE_PARTY_CELLS, MIN_WIDE_CELLS = 6, 34, 92
NO_SCORE = 9.0
GOING_FIRST = (Course.GOING, Course.FAILED, Course.OVER, None)

Order = Callable[[Entry], Any]


class Cells(Struct, frozen=True):
    """A column: its title, how wide it is (0 shares what is left), and the text and the style of a call in it.

    `order` sorts by it, what is worst, or most, first; without one nothing does. It is shown from a width of `since`
    cells on. From `wide_since` cells on it has `wide` cells; below that `short` is its title.
    """

    title: str
    width: int
    text: Callable[[Page, Entry], tuple[str, str]]
    order: Order | None = None
    right: bool = False
    since: int = 0
    wide: int = 0
    wide_since: int = 0
    short: str = ""


def time_of(page: Page, time: float) -> str:
    """A moment in few cells: without milliseconds where it is a time of day."""
    text = moment(page, time)
    return text if page.clock == "relative" else text.partition(".")[0]


def loss_level(loss: float | None) -> str:
    """The style of a fraction that was lost."""
    return "" if loss is None else _level(loss, POOR_LOSS, BAD_LOSS)


def score_level(mos: float | None) -> str:
    """The style of a score."""
    return "" if mos is None else _level(-mos, -POOR_MOS, -BAD_MOS)


def _level(value: float, poor: float, bad: float) -> str:
    return "bold red" if value >= bad else "yellow" if value >= poor else "green"


def _state(page: Page, entry: Entry) -> tuple[str, str]:
    return entry.said if entry.course is not None else f"{entry.kind} {entry.said}", entry.state.style


def _found(page: Page, entry: Entry) -> tuple[str, str]:
    return f"{MARKS[entry.worst]}{entry.found}" if entry.worst else "", STYLES.get(entry.worst, "")


def _worst(entry: Entry) -> tuple[int, int]:
    return SEVERITIES.index(entry.worst) if entry.worst else len(SEVERITIES), -entry.found


COLUMNS = (
    Cells("#", 5, lambda page, entry: (str(entry.number), "dim"), lambda entry: entry.number, right=True),
    Cells("start", 9, lambda page, entry: (time_of(page, entry.start), "dim"), right=True, since=64),
    Cells("from", 0, lambda page, entry: (party(entry.caller), ""), lambda entry: entry.caller.lower()),
    Cells("to", 0, lambda page, entry: (party(entry.callee), ""), lambda entry: entry.callee.lower()),
    Cells(
        "state", 12, _state, lambda entry: (GOING_FIRST.index(entry.course), entry.said), wide=16, wide_since=130,
    ),
    Cells(
        "talked", 7, lambda page, entry: ("" if entry.seconds is None else lasting(entry.seconds), ""),
        lambda entry: -(-1.0 if entry.seconds is None else entry.seconds), right=True,
    ),
    Cells("msgs", 4, lambda page, entry: (str(entry.messages), "dim"), right=True, since=110),
    Cells(
        "loss", 5, lambda page, entry: ("" if entry.loss is None else f"{entry.loss:.1%}", loss_level(entry.loss)),
        lambda entry: -(-1.0 if entry.loss is None else entry.loss), right=True,
    ),
    Cells("jitter", 8, lambda page, entry: (milliseconds(entry.jitter_ms), ""), right=True, since=100),
    Cells(
        "MOS", 4, lambda page, entry: ("" if entry.mos is None else f"{entry.mos:.2f}", score_level(entry.mos)),
        lambda entry: NO_SCORE if entry.mos is None else entry.mos, right=True,
    ),
    Cells("found", 3, _found, _worst, right=True, wide=5, wide_since=MIN_WIDE_CELLS, short="!"),
    Cells("Call-ID", 24, lambda page, entry: (entry.call_id, "dim"), since=150),
)
ORDERS: dict[str, Order] = {each.title: each.order for each in COLUMNS if each.order is not None}
"""How calls can be sorted, by the title of a column."""


@lru_cache(64)
def widths(width: int) -> Sequence[tuple[Cells, int]]:
    """The columns that fit on a screen of this width, each with its own; those of both parties share what is left."""
    there = [(each, _room(each, width)) for each in COLUMNS if width >= each.since]
    left = width - 2 - sum(room for _, room in there) - _gap(width) * (len(there) - 1)
    share = min(max(MIN_PARTY_CELLS, left // 2), WIDE_PARTY_CELLS + width // 8)
    return [(each, room or share) for each, room in there]


def _room(column: Cells, width: int) -> int:
    return column.wide if column.wide and width >= column.wide_since else column.width


def call_heads(width: int, order: str, reverse: bool) -> Line:
    """The titles of the columns, with a mark at the one by which calls are sorted."""
    mark = "▲" if reverse else "▼"
    heads = []
    for each, room in widths(width):
        title = each.short if each.short and room == each.width else each.title
        heads.append((f"{mark}{title}", "bold") if each.title == order else (title, "dim"))
    return _in_columns(width, Span("  "), heads)


def call_row(page: Page, entry: Entry, marked: bool) -> Line:
    """A call in the columns that fit."""
    shown = [each.text(page, entry) for each, _ in widths(page.width)]
    return _in_columns(page.width, Span("* " if marked else "  ", "bold yellow"), shown)


def _in_columns(width: int, first: Span, shown: Sequence[tuple[str, str]]) -> Line:
    parts = [first]
    for (each, room), (text, style) in zip(widths(width), shown, strict=True):
        parts += [Span(_set(visible(text), room, each.right), style), Span(" " * _gap(width))]
    return tuple(parts[:-1])


def _gap(width: int) -> int:
    """Cells between two columns."""
    return 1 if width < MIN_WIDE_CELLS else 2


def _set(text: str, room: int, right: bool) -> str:
    """A text in so many cells."""
    text = clip(text, room)
    padding = " " * (room - cells(text))
    return padding + text if right else text + padding
