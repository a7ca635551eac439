"""Lines: measured, wrapped, cut and laid out as tables."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import Column, Page, cells, clip, span, table, wrap
from tests.reports import HOSTILE


def test_wide_and_combining_characters_are_measured_as_terminals_do() -> None:
    assert [cells("abc"), cells("漢字"), cells("e\u0301")] == [3, 4, 1]
    assert clip("漢字漢字", 6) == "漢字…" and cells(clip("漢字漢字", 6)) <= 6
    assert clip("abc", 3) == "abc" and clip("abcd", 3) == "ab…" and clip("abc", 0) == ""


def test_wrapping_breaks_at_spaces_and_through_words_that_are_too_wide() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("x" * 10, 4) == ["xxxx", "xxxx", "xx"]
    assert wrap("\u65e5" * 3, 3) == ["\u65e5"] * 3
    assert wrap("cbe\u0301", 2) == ["cb", "e\u0301"]


def test_a_table_cuts_what_may_shrink_before_it_drops_a_column() -> None:
    columns = (Column("a"), Column("b", "left", 1, 5), Column("c", "right", 2))
    rows = [(span("1"), span("long text here"), span("3"))]

    def texts(width: int) -> list[str]:
        return ["".join(part.text for part in line) for line in table(Page(width), columns, rows, indent=0)]

    assert texts(30)[1] == "1  long text here  3"
    assert texts(14)[1] == "1  long te…  3"
    assert texts(9)[1] == "1  long …" and texts(5)[1] == "1"


def test_spans_escape_when_they_are_made() -> None:
    assert span(HOSTILE).text == r"\x1b[31mred\x07\r\n\x9b2J\u202eevil\u2028[bold]x[/bold]\xff"
