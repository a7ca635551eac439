"""The table of calls of a page: HTML for the first rows, data for the others."""

from __future__ import annotations

import json

from dissectors.outputs.html import table
from tests import reports
from tests.outputs.html.test_page import EVIL, Read, check, made, many


def rows(read: Read) -> list[list[object]]:
    """The rows of the table of calls that are data."""
    return json.loads(read.own.get("data", "[]"))  # type: ignore[no-any-return]


def test_every_call_is_in_the_table_the_first_rows_as_html_and_the_others_as_data() -> None:
    text = made(many(1000))
    read = check(text)
    later = rows(read)
    assert text.count("<tr data-outcome") == table.FIRST_ROWS == 200 and len(later) == 800
    assert [row[0] for row in later] == [*range(200, 1000)]
    assert later[100][8:] == ["300@a", 1, 0, 0] and later[101][8:] == ["301@a", 0, 0, 0]
    assert "800 more are shown where scripts may run." in read.text


def test_a_small_table_is_html_alone() -> None:
    read = check(made(many(200)))
    assert rows(read) == [] and not {"more", "later"} & set(read.values("id"))


def test_the_data_of_rows_cannot_end_their_script_and_hide_nothing() -> None:
    calls = tuple(reports.call(call_id=f"{i}{EVIL}<!--", number=i + 1, streams=()) for i in range(201))
    read = check(made(reports.report(calls=calls, streams=())))
    assert "<" not in read.own["data"] and "\u202e" not in read.own["data"]
    assert rows(read)[0][8] == f"200{EVIL}<!--".replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")
