"""Sorting, filtering, searching, marking; where one is in a list; two texts side by side."""

from __future__ import annotations

import pytest

from dissectors.queries.filters import wanted
from dissectors.screens.book import Book, Snapshot
from dissectors.screens.columns import ORDERS
from dissectors.screens.view import Pointer, View, compared, searching
from dissectors.wire.values import replace
from tests.screens.test_book import bad_day


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Book().take(bad_day(), whole=True)


def numbers(view: View, snapshot: Snapshot) -> list[int]:
    return [entry.number for entry in view.chosen(snapshot)]


@pytest.mark.parametrize(("order", "first"), [("#", 1), ("loss", 2), ("MOS", 2), ("found", 2), ("state", 6)])
def test_calls_are_sorted_by_a_column_the_worst_first(order: str, first: int, snapshot: Snapshot) -> None:
    view = View()
    view.order = order
    assert numbers(view, snapshot)[0] == first
    view.reverse = True
    assert numbers(view, snapshot)[-1] == first


def test_the_order_goes_round_all_columns_in_both_directions() -> None:
    view = View()
    seen = [view.order]
    for _ in ORDERS:
        view.sort_by(1)
        seen.append(view.order)
    assert seen == [*ORDERS, "#"]
    view.sort_by(-1)
    assert view.order == list(ORDERS)[-1]


def test_a_filter_and_a_search_choose_together_and_esc_shows_all_again(snapshot: Snapshot) -> None:
    view = View()
    view.keep, view.text = wanted("outcome==rejected"), "outcome==rejected"
    assert numbers(view, snapshot) == [4, 5, 6, 7]
    view.search = "GRACE"
    assert numbers(view, snapshot) == [6] and view.hides == ["search 'GRACE'", "filter outcome==rejected"]
    assert view.show_all() and numbers(view, snapshot) == list(range(1, 9)) and not view.show_all()


def test_what_was_cleared_stays_hidden_and_what_is_new_shows(snapshot: Snapshot) -> None:
    view = View()
    view.clear(Snapshot(snapshot.report, {number: snapshot.entries[number] for number in range(1, 6)}))
    assert numbers(view, snapshot) == [6, 7, 8]


@pytest.mark.parametrize(("text", "found"), [
    ("+49 (30) 123-45", True), ("3012345", True), ("30", True), ("99", False), ("301", True), ("12", True),
    ("alice", True), ("SIP:ALICE", True), ("call-7", True), ("nobody", False), ("7", True), ("rejected", True),
])
def test_a_search_finds_names_call_ids_and_numbers_however_they_are_written(
    text: str, found: bool, snapshot: Snapshot
) -> None:
    entry = replace(
        snapshot.entries[4], number=12, caller="sip:+493012345@192.0.2.1", callee="sip:alice@192.0.2.2",
        call_id="call-7@host",
    )
    assert searching(text)(entry) is found


def test_other_requests_show_when_they_are_asked_for_or_alone(snapshot: Snapshot) -> None:
    other = replace(snapshot.entries[8], number=9, kind="registration", course=None)
    both = Snapshot(snapshot.report, {**snapshot.entries, 9: other})
    view = View()
    assert 9 not in numbers(view, both) and numbers(view, Snapshot(None, {9: other})) == [9]
    view.calls_only = False
    assert 9 in numbers(view, both)


def test_a_dismissed_finding_stays_away_when_it_is_found_again_and_comes_back_when_asked_for(
    snapshot: Snapshot,
) -> None:
    view, found = View(), snapshot.findings
    assert [each.severity for each in found[:1]] == ["error"] and view.findings(snapshot) == [*found]
    view.dismiss(found[0], snapshot)
    again = Book().take(bad_day(), whole=True)
    assert found[0].key in {each.key for each in again.findings}
    assert [each.key for each in view.findings(again)] == [each.key for each in found[1:]]
    assert view.bring_back() == 1 and len(view.findings(again)) == len(found)


def test_all_of_a_kind_are_dismissed_and_the_same_of_another_call_is_another(snapshot: Snapshot) -> None:
    first = snapshot.findings[0]
    other = replace(first, key=("another call", *first.key), call=99)
    view, both = View(), Snapshot(findings=(*snapshot.findings, other))
    view.dismiss(first, snapshot)
    assert view.findings(both) == [*both.findings[1:]]
    view.dismiss(first, both, alike=True)
    assert view.findings(both) == [each for each in both.findings if each.id != first.id]


def test_a_pointer_passes_over_lines_without_a_key_and_stays_on_what_it_chose() -> None:
    pointer = Pointer()
    pointer.renew([None, "a", None, "b", "c"])
    assert pointer.key == "a"
    pointer.move(1)
    assert pointer.key == "b"
    pointer.renew([None, "x", "a", None, "b", "c"])
    assert pointer.key == "b"
    pointer.move(-2)
    assert pointer.key == "a"
    pointer.move(-9)
    assert pointer.key == "x"
    pointer.move(99)
    assert pointer.key == "c"


def test_who_is_at_the_top_of_a_list_stays_there_when_something_new_comes_first() -> None:
    pointer = Pointer()
    pointer.renew(["a", "b"])
    pointer.renew(["new", "a", "b"])
    assert pointer.key == "new"


def test_the_chosen_line_is_always_among_those_that_are_shown() -> None:
    pointer = Pointer()
    pointer.renew([None, *range(100)])
    assert pointer.shown(10) == range(0, 10)
    for by in (5, 50, -20, 99, -1, -99):
        pointer.move(by)
        shown = pointer.shown(10)
        assert pointer.at in shown and len(shown) == 10
    assert pointer.shown(10)[0] == 0


def test_a_list_without_keys_scrolls_and_stops_at_its_end() -> None:
    pointer = Pointer()
    pointer.renew([None] * 30)
    pointer.move(7)
    assert pointer.shown(10) == range(7, 17) and pointer.key is None
    pointer.move(99)
    assert pointer.shown(10) == range(20, 30)
    pointer.renew([])
    assert not pointer.shown(10)


def test_two_texts_stand_side_by_side_and_what_differs_is_marked() -> None:
    rows = compared(["v=0", "c=a", "t=0", "x"], ["v=0", "c=b", "t=0"])
    assert [(row.left, row.right, row.same) for row in rows] == [
        ("v=0", "v=0", True), ("c=a", "c=b", False), ("t=0", "t=0", True), ("x", "", False),
    ]
