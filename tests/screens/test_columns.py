"""The columns of the calls: what fits, what stands in them, by what they sort."""

from __future__ import annotations

import pytest

from dissectors.live.states import State
from dissectors.outputs.terminal.lines import Line, Page, width_of
from dissectors.screens.book import Book
from dissectors.screens.columns import COLUMNS, ORDERS, call_heads, call_row, widths
from dissectors.wire.values import replace
from tests.screens.test_book import bad_day

SNAPSHOT = Book().take(bad_day(), whole=True)


def text(row: Line) -> str:
    return "".join(part.text for part in row)


@pytest.mark.parametrize("width", [60, 80, 91, 92, 120, 200])
def test_a_row_of_a_call_is_as_wide_as_the_heads_and_fits(width: int) -> None:
    heads = call_heads(width, "loss", False)
    for entry in SNAPSHOT.entries.values():
        long = replace(entry, caller="a" * 300, callee="漢字" * 90, state=State.UNREACHABLE, status=404)
        row = call_row(Page(width=width), long, True)
        assert width_of(row) == width_of(heads) <= width
    assert "▼loss" in text(heads)


def test_a_row_says_state_time_loss_score_and_the_worst_finding() -> None:
    row = text(call_row(Page(width=120), SNAPSHOT.entries[2], False))
    for said in ("alice@example.net", "carol@example.net", "ended", "5 s", "8.0%", "1.00", "✖2"):
        assert said in row


def test_each_column_has_one_title_and_those_that_sort_are_in_their_order() -> None:
    titles = [each.title for each in COLUMNS]
    assert len(set(titles)) == len(titles)
    assert list(ORDERS) == [title for title in titles if title in ORDERS]
    assert set(titles) - set(ORDERS) == {"start", "msgs", "jitter", "Call-ID"}


@pytest.mark.parametrize(("width", "there"), [(60, 8), (80, 9), (100, 10), (120, 11), (200, 12)])
def test_a_wider_screen_has_more_columns_and_wider_ones(width: int, there: int) -> None:
    rooms = {each.title: room for each, room in widths(width)}
    assert len(rooms) == there
    assert (rooms["state"], rooms["found"]) == (16 if width >= 130 else 12, 5 if width >= 92 else 3)
