"""Whose dialog a request within it belongs to."""

from __future__ import annotations

from tests.made import A, B
from tests.signalling import CALLEE, CALLER, INVITE, OURS, PROXY, THEIRS, asks, only, says


def test_what_the_callee_asks_within_the_dialog_makes_no_second_one() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (A, B, asks("ACK", 1)),
        (B, A, asks("INVITE", 1, OURS, tags=(CALLEE, CALLER))), (A, B, says(100, 1, tags=(CALLEE, CALLER))),
        (A, B, says(200, 1, OURS, tags=(CALLEE, CALLER))), (B, A, asks("ACK", 1, tags=(CALLEE, CALLER))),
    ])
    assert [(each.from_tag, each.to_tag, each.state) for each in call.dialogs] == [(CALLER, CALLEE, "confirmed")]


def test_a_refused_request_of_the_callee_leaves_the_dialog_as_it_was() -> None:
    call = only([
        (A, B, INVITE), (B, A, says(200, 1, THEIRS)), (B, A, asks("INVITE", 1, OURS, tags=(CALLEE, CALLER))),
        (A, B, says(488, 1, tags=(CALLEE, CALLER))),
    ])
    assert [(each.from_tag, each.to_tag, each.state) for each in call.dialogs] == [(CALLER, CALLEE, "confirmed")]


def test_a_hop_that_keeps_the_call_id_and_changes_the_tags_keeps_the_sides() -> None:
    far = (CALLER + "x", CALLEE + "x")
    call = only([
        (A, PROXY, INVITE), (PROXY, B, asks("INVITE", 1, OURS, tags=(far[0], ""))),
        (B, PROXY, says(200, 1, THEIRS, tags=far)), (PROXY, A, says(200, 1, THEIRS)), (B, PROXY, asks("BYE", 9,
        tags=far[::-1])),
    ])
    assert [each.side for each in call.messages] == ["caller", "caller", "callee", "callee", "callee"]
    assert call.ended_by == "callee"


def test_trying_opens_no_dialog_even_with_a_tag() -> None:
    tried = [(A, B, INVITE), (B, A, says(100, 1, tags=(CALLER, "gone")))]
    assert [(each.to_tag, each.state) for each in only(tried).dialogs] == [(None, "proceeding")]
    call = only([*tried, (B, A, says(180, 1)), (B, A, says(100, 1, tags=(CALLER, "late")))])
    assert [(each.to_tag, each.state) for each in call.dialogs] == [(CALLEE, "early")]
