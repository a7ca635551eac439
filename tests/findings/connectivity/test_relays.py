"""Relays, permissions and channels that end while they are used, and those that are kept."""

from __future__ import annotations

from tests.finding_cases.session import (
    channel,
    permission,
    refresh,
    relayed_call,
)
from tests.found import found
from tests.stories import B


def test_a_relay_that_nobody_refreshes_is_told() -> None:
    (told,) = found(relayed_call(640, 600), "turn-expired")
    assert "it was not refreshed" in told.what and "600 s" in told.what and told.severity == "error"


def test_a_relay_that_is_refreshed_in_time_or_given_back_or_no_longer_used_is_not() -> None:
    assert not found(relayed_call(640, 640, refresh(500_000)), "turn-expired")
    assert not found(relayed_call(590, 590), "turn-expired")
    assert not found(relayed_call(640, 600, refresh(600_000, seconds=0)), "turn-expired")


def test_a_relay_that_goes_on_working_was_refreshed_where_nobody_captured_it() -> None:
    assert not found(relayed_call(660, 660), "turn-expired")


def test_a_refused_refresh_is_told_before_the_relay_ends() -> None:
    (told,) = found(relayed_call(540, 540, refresh(500_000, 438)), "turn-expired")
    assert told.severity == "warning" and "438" in told.what
    assert not found(relayed_call(505, 505, refresh(500_000, 438)), "turn-expired")


def test_a_server_that_forgot_the_relay_is_told() -> None:
    (told,) = found(relayed_call(230, 200, refresh(200_000, 437)), "turn-expired")
    assert "does not know the relay any more" in told.what


def test_a_permission_that_is_not_renewed_is_told_and_one_that_is_renewed_is_not() -> None:
    story = relayed_call(330, 300)
    (told,) = found(story, "turn-expired")
    assert f"permission for {B[0]} was not renewed" in told.what
    assert not found(relayed_call(330, 330), "turn-expired")
    assert not found([*story, *permission(250_000)], "turn-expired")
    (told,) = found([*story, *permission(290_000, 438)], "turn-expired")
    assert "was refused with 438" in told.what


def test_what_is_sent_after_a_permission_ended_is_told_though_the_peer_was_silent_before() -> None:
    (told,) = found(relayed_call(330, 270), "turn-expired")
    assert told.certainty == "medium" and "the peer had been silent for" in told.what
    assert not found(relayed_call(305, 270), "turn-expired")


def test_a_channel_that_is_not_renewed_is_told_though_its_permission_is() -> None:
    kept = [one for n in (240_000, 480_000) for one in (*refresh(n), *permission(n + 500))]
    (told,) = found(relayed_call(700, 600, kept), "turn-expired")
    assert f"the channel for {B[0]}:{B[1]} was not renewed and ended after 600 s" in told.what
    assert "s more were sent to it" in told.what
    assert not found(relayed_call(700, 660, kept), "turn-expired")
    assert not found(relayed_call(700, 600, [*kept, *channel(500_700)]), "turn-expired")
    (told,) = found(relayed_call(700, 600, [*kept, *refresh(701_000, seconds=0)]), "turn-expired")
    assert "was not renewed and ended after 600 s" in told.what
    assert not found(relayed_call(700, 600, [*kept, *refresh(601_000, seconds=0)]), "turn-expired")
