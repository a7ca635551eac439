"""Checks and servers that answer, or seem not to."""

from __future__ import annotations

from tests.found import found
from tests.stories import OTHER_SERVER, SERVER, USER, A, B, asked, hello, mapped


def test_checks_are_not_lost_where_keys_or_media_follow_them() -> None:
    checks = [each for n in range(4) for each in asked(n * 500, USER)]
    assert found(checks, "ice-failed") and not found([*checks, (3000, A, B, hello())], "ice-failed")


def test_a_server_that_answers_in_another_way_is_reached() -> None:
    asks = [each for n in range(3) for each in asked(n * 500, dst=SERVER)]
    assert [each.severity for each in found(asks, "stun-unanswered")] == ["warning"]
    (told,) = found([*asks, (700, SERVER, A, b"\xff" * 20)], "stun-unanswered")
    assert told.severity == "note" and told.what.endswith("but something else comes back")


def test_of_several_servers_one_that_is_silent_is_a_note() -> None:
    silent = [each for n in range(3) for each in asked(n * 500, dst=SERVER)]
    other = asked(700, dst=OTHER_SERVER, answer=(0x0101, mapped(*A)))
    (told,) = found([*silent, *other], "stun-unanswered")
    assert told.severity == "note" and told.what.endswith("3 requests, no answer, while others answer this port")


def test_an_allocation_that_is_answered_without_an_error_did_not_fail() -> None:
    story = [each for n in range(4) for each in asked(n * 500, kind=3, dst=SERVER, answer=(0x0103, mapped(*A)))]
    assert not found(story, "turn-allocation-failed")
