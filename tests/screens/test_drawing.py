"""Rows that fit whatever the width, and that show what was sent as text."""

from __future__ import annotations

from dissectors.outputs.terminal.lines import Line, Page, width_of
from dissectors.screens.book import Book
from dissectors.screens.columns import call_row
from dissectors.screens.drawing import (
    call_head,
    found_row,
    found_text,
    side_by_side,
    streams_of,
    text_lines,
    totals_line,
)
from dissectors.screens.view import compared
from dissectors.wire.values import replace
from tests.screens.test_book import bad_day

HOSTILE = "\x1b[2J[red]evil[/]\u202eabc\r\n"
SNAPSHOT = Book().take(bad_day(), whole=True)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part.text for part in row) for row in lines)


def test_a_hostile_name_shows_as_text_everywhere() -> None:
    entry = replace(SNAPSHOT.entries[2], caller=HOSTILE, callee=HOSTILE, call_id=HOSTILE)
    noted = replace(SNAPSHOT.findings[0], what=HOSTILE, why=HOSTILE, fix=HOSTILE)
    page = Page(width=100)
    rows = [
        call_row(page, entry, False), *call_head(page, entry), found_row(page, noted), *found_text(page, noted),
        *text_lines(page, [HOSTILE, f"Subject: {HOSTILE}"]), *side_by_side(100, compared([HOSTILE], ["x"])),
    ]
    shown = text(rows).replace("\n", "")
    assert shown.isprintable() and "\\x1b[2J[red]evil[/]\\u202eabc" in shown


def test_a_message_is_shown_as_it_was_written() -> None:
    head = ["INVITE sip:b@x SIP/2.0", "To:<sip:b@x>", "From:  <sip:a@x>"]
    written = [*head, "", "v=0", "a=rtpmap:0 PCMU/8000", "a=x: y"]
    assert text(text_lines(Page(width=80), written)).split("\n") == written
    assert text_lines(Page(width=80), written)[1][0].style == "cyan"


def test_totals_name_what_is_only_counted_and_how_many_are_shown() -> None:
    said = text([totals_line(SNAPSHOT, 3)])
    assert said == "8 calls  3 answered  4 failed  3 shown"


def test_streams_come_with_their_course_over_time_the_worst_first() -> None:
    report = SNAPSHOT.report
    assert report is not None
    lines = text(streams_of(Page(width=80), report, 1)).split("\n")
    assert "0xA0000002" in lines[0] and "lost 20 (8.0%)" in lines[1] and "MOS 1.00" in lines[1]
    assert lines[2].startswith("  rate ") and lines[3].startswith("  lost ")
    assert "no media" in text(streams_of(Page(width=80), report, 3))


def test_two_messages_side_by_side_fit_and_show_where_they_differ() -> None:
    rows = side_by_side(80, compared(["v=0", "c=IN IP4 192.0.2.1" * 9], ["v=0", "c=IN IP4 192.0.2.2"]))
    assert max(map(width_of, rows)) <= 80
    assert [part.style for part in rows[1]][0] == "bold yellow" and rows[0][0].style == ""
