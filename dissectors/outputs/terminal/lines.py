"""Lines of styled text, measured in terminal cells, and columns made of them.

A renderer's layout is plain data; only `outputs.terminal` turns it into colours. A span escapes its text when it is
made, so no text from the wire can reach a terminal raw.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from dissectors.outputs.escape import visible
from dissectors.wire.values import Struct


class Span(NamedTuple):
    """Text in one style; make it with `span`."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()
TIMES = ("relative", "local", "utc")


def span(text: object, style: str = "") -> Span:
    """Text in a style; characters that are not printable are escaped."""
    return Span(visible(str(text)), style)


def line(*parts: str | Span) -> Line:
    """A line of spans; plain text becomes a span without a style."""
    return tuple(part if isinstance(part, Span) else span(part) for part in parts if part)


class Page(Struct, frozen=True):
    """The target of the layout.

    `width` is in cells. On a `plain` page (a pipe, a file) nothing is drawn, cut or wrapped: one fact per line.
    `everything` omits nothing of a long report. `clock` is one of `TIMES`, `zero` the time, in seconds since the epoch,
    from which relative ones count. `height` is how many lines the first screen has, 0 without a screen; `explain` says
    why each finding matters and what to do about it, also of notes.
    """

    width: int = 80
    plain: bool = False
    colour: bool = False
    everything: bool = False
    clock: str = "relative"
    zero: float = 0.0
    height: int = 0
    explain: bool = False


def cells(text: str) -> int:
    """How many terminal cells a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def clip(text: str, width: int) -> str:
    """`text`, ended with … if it is wider than `width` cells."""
    if cells(text) <= width:
        return text
    used, kept = 1, []
    for character in text:
        used += _cells(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces; wider words are broken anywhere."""
    lines, words = [""], text.split(" ")
    for word in words:
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        if not lines[-1]:
            lines.pop()
        lines += _broken(word, width)
    return lines


def _broken(word: str, width: int) -> list[str]:
    """A word in pieces of at most `width` cells, but of at least one character."""
    pieces, begin, used = [], 0, 0
    for at, character in enumerate(word):
        needed = _cells(character)
        if used + needed > width and at > begin:
            pieces.append(word[begin:at])
            begin, used = at, 0
        used += needed
    return [*pieces, word[begin:]]


def width_of(parts: Line) -> int:
    """How many cells a line takes."""
    return sum([cells(part.text) for part in parts])


def hanging(page: Page, first: Line, text: str, style: str = "", indent: int | None = None) -> list[Line]:
    """`text` after `first`, wrapped to the page; further lines are indented to its start or to `indent`."""
    begun = width_of(first)
    indent = begun if indent is None else indent
    if page.plain or page.width - max(begun, indent) < 20:
        return [(*first, span(text, style))]
    head, *rest = wrap(visible(text), page.width - begun)
    rest = wrap(" ".join(rest), page.width - indent) if rest else []
    return [(*first, Span(head, style)), *((Span(" " * indent), Span(text, style)) for text in rest)]


def flowing(page: Page, first: Line, parts: Sequence[Line], between: str, indent: int) -> list[Line]:
    """Parts after `first`, as many on a line as fit; none is broken, further lines are indented."""
    lines, room = [first], page.width - width_of(first)
    gap, end = Span(between, "dim"), Span(between.rstrip(), "dim")
    for number, part in enumerate(parts):
        needed = width_of(part) + (cells(between) if number else 0)
        last = number == len(parts) - 1
        if number and needed + (0 if last else cells(end.text)) > room and not page.plain:
            lines[-1] = (*lines[-1], end)
            lines.append((Span(" " * indent), *part))
            room = page.width - indent - width_of(part)
        else:
            lines[-1] = (*lines[-1], *((gap,) if number else ()), *part)
            room -= needed
    return lines


class Column(NamedTuple):
    """The layout of one column of a table.

    On a narrow page a column that `shrinks` is cut first, to that many cells; then columns are omitted, the highest
    `expendable` first. A column that says nothing but what is `usual` is omitted in any case.
    """

    title: str
    align: Literal["left", "right"] = "left"
    expendable: int = 0
    shrinks: int = 0
    usual: str = ""


class Heading(NamedTuple):
    """A row across all columns of a table."""

    line: Line


def table(page: Page, columns: Sequence[Column], rows: Sequence[Line | Heading], indent: int = 2) -> list[Line]:
    """Rows under dim titles, each column as wide as its widest cell, with as many columns as fit on the page.

    A row has a span for each column. Empty columns are omitted; a last line says which have no room.
    """
    full = [row for row in rows if not isinstance(row, Heading)]
    kept = [i for i, column in enumerate(columns) if any(row[i].text not in ("", column.usual) for row in full)]
    widths = {i: max([cells(columns[i].title), *(cells(row[i].text) for row in full)]) for i in kept}
    wanted = list(kept)
    if not page.plain:
        _fit(kept, widths, columns, page.width - indent)
    titles = tuple(span(column.title, "dim") for column in columns)
    lines = [_row(titles, kept, widths, columns, indent)] if full else []
    for row in rows:
        if isinstance(row, Heading):
            lines.append((Span(" " * indent), *row.line))
        else:
            lines.append(_row(row, kept, widths, columns, indent))
    if missing := [columns[i].title for i in wanted if i not in kept and columns[i].title]:
        lines += hanging(page, line(" " * indent), f"no room for: {', '.join(missing)}", "dim")
    return lines


def beside(left: Sequence[Line], right: Sequence[Line], indent: int) -> list[Line]:
    """Two blocks next to each other, the right one from cell `indent` on."""
    rows = []
    for i in range(max(len(left), len(right))):
        first = left[i] if i < len(left) else BLANK
        padding = " " * (indent - sum(cells(part.text) for part in first)) if i < len(right) and right[i] else ""
        rows.append((*first, Span(padding), *(right[i] if i < len(right) else BLANK)))
    return rows


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 call`, `2,561 datagrams`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Iterable[str], most: int = 0) -> str:
    """Words with commas between them, at most `most` of them (0 for all)."""
    words = list(words)
    if most and len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} more"
    return ", ".join(words)


def _fit(kept: list[int], widths: dict[int, int], columns: Sequence[Column], room: int) -> None:
    """Shrink columns and omit some until the others fit."""
    while (over := sum(widths[i] + 2 for i in kept) - 2 - room) > 0:
        slack = {i: widths[i] - columns[i].shrinks for i in kept if columns[i].shrinks}
        if sum(spare for spare in slack.values() if spare > 0) >= over:
            for _ in range(over):
                widest = max(slack, key=lambda i: slack[i])
                slack[widest] -= 1
                widths[widest] -= 1
            return
        last = max(kept, key=lambda i: columns[i].expendable, default=None)
        if last is None or not columns[last].expendable:
            return
        kept.remove(last)


@lru_cache(maxsize=1024)
def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _row(row: Line, kept: list[int], widths: dict[int, int], columns: Sequence[Column], indent: int) -> Line:
    spans = [Span(" " * indent)]
    for position, i in enumerate(kept):
        cell, spare = row[i], widths[i] - cells(row[i].text)
        if spare < 0:
            cell = Span(clip(cell.text, widths[i]), cell.style)
            spare = widths[i] - cells(cell.text)
        padding = " " * spare
        last = position == len(kept) - 1
        if columns[i].align == "right":
            spans += [Span(padding), cell]
        else:
            spans += [cell, Span("" if last else padding)]
        if not last:
            spans.append(Span("  "))
    return tuple(part for part in spans if part.text)
