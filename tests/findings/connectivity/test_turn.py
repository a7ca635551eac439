"""Relays that are not given, that end, and that end on purpose."""

from __future__ import annotations

import pytest

from tests.finding_cases.session import (
    allocate,
    challenge,
    channel,
    given,
    permission,
    refresh,
)
from tests.found import found
from tests.stories import A, B, Story, asked, error

WRONG = (0x0113, error(401))
STALE = (0x0113, error(438))
END: Story = [(60_000, *asked(0, src=B, dst=("192.0.2.9", 9))[0][1:])]
"""A datagram that only makes the capture a minute long."""


def test_three_hundred_ports_are_one_finding() -> None:
    story = [
        told for n in range(300)
        for told in (*challenge(100 * n, (A[0], 10_000 + n)), *allocate(100 * n + 40, STALE, (A[0], 30_000 + n)))
    ]
    (told,) = found(story, "turn-nonce-stale")
    assert "from 300 ports" in told.what and "300 allocations" in told.what and "438" in told.what
    assert len(told.places) == 16 and told.time is not None
    assert not found(story, "turn-allocation-failed")


def test_a_nonce_that_is_stale_for_a_refresh_again_and_again_is_told() -> None:
    story = [*challenge(0), *allocate(50, given()), *(one for n in range(3) for one in refresh(1000 + n * 500, 438))]
    assert "refresh, 3 times 438" in found(story, "turn-nonce-stale")[0].what
    assert not found([*story, *refresh(3000)], "turn-nonce-stale")


def test_credentials_that_are_refused_are_told_with_401() -> None:
    (told,) = found([*challenge(0), *allocate(50, WRONG)], "turn-allocation-failed")
    assert "1 request with credentials, 401" in told.what
    assert not found([*challenge(0), *allocate(50, WRONG), *allocate(90, given())], "turn-allocation-failed")
    assert not found(challenge(0), "turn-allocation-failed")


def test_a_client_without_credentials_is_told_so() -> None:
    story = [one for n in range(4) for one in challenge(500 * n, (A[0], 5000 + n))]
    (told,) = found([*story, *END], "turn-allocation-failed")
    assert "no credentials were sent" in told.what and "401" in told.what and len(told.places) == 4


@pytest.mark.parametrize("code", [403, 437, 440, 442, 486, 508])
def test_other_refusals_are_told_with_their_code_and_from_how_many_ports(code: int) -> None:
    story = [one for n in range(3) for one in allocate(100 * n, (0x0113, error(code)), (A[0], 5000 + n))]
    (told,) = found(story, "turn-allocation-failed")
    assert f"3 requests, {code}" in told.what and "from 3 ports" in told.what and f"{code}: " in told.fix
    (told,) = found([*challenge(0), *allocate(100, (0x0113, error(code)))], "turn-allocation-failed")
    assert f"1 request, {code}" in told.what


def test_a_server_elsewhere_is_no_refusal() -> None:
    story = [*challenge(0), *allocate(50, (0x0113, error(300))), *allocate(100, given(), dst=("203.0.113.51", 3478))]
    assert not found(story, "turn-allocation-failed")


def test_giving_back_a_relay_that_is_gone_is_no_refusal() -> None:
    story = [*challenge(0), *allocate(50, given()), *refresh(1000, 437, seconds=0)]
    assert not found(story, "turn-refused") and not found(story, "turn-expired")


def test_a_refused_channel_names_its_peer_and_one_that_was_granted_then_is_no_refusal() -> None:
    story = [*challenge(0), *allocate(50, given()), *channel(100, 403)]
    assert f"channelbind for {B[0]}:{B[1]}, 403" in found(story, "turn-refused")[0].what
    assert not found([*story, *channel(200)], "turn-refused")
    assert not found([*challenge(0), *allocate(50, given()), *channel(100, 438), *channel(150)], "turn-refused")


@pytest.mark.parametrize(
    ("hosts", "granted", "severity"),
    [(["10.0.0.7"], True, "note"), (["10.0.0.7"], False, "warning"), ([B[0]], True, "warning")],
)
def test_a_private_peer_that_is_refused_is_a_note_where_another_one_is_not(
    hosts: list[str], granted: bool, severity: str
) -> None:
    story = [*challenge(0), *allocate(50, given()), *(each for host in hosts for each in permission(100, 403, host))]
    story += permission(150, host="203.0.113.77") if granted else []
    (told,) = found(story, "turn-refused")
    assert told.severity == severity and f"createpermission for {hosts[0]}, 403" in told.what


def test_a_stale_nonce_that_nobody_repairs_refuses_the_permission() -> None:
    story = [*challenge(0), *allocate(50, given()), *permission(100, 438), *END]
    assert "438" in found(story, "turn-refused")[0].what


def test_a_refusal_is_a_note_where_another_request_gave_a_relay() -> None:
    """Clients ask several servers, and some ask for both families of addresses."""
    refused = allocate(100, (0x0113, error(440)), (A[0], 5000))
    assert [each.severity for each in found(refused, "turn-allocation-failed")] == ["error"]
    beside = [*refused, *challenge(0), *allocate(50, given())]
    (told,) = found(beside, "turn-allocation-failed")
    assert told.severity == "note" and "it got a relay by another request" in told.what
    full = [*allocate(100, (0x0113, error(486)), (A[0], 5000)), *challenge(0), *allocate(50, given())]
    assert [each.severity for each in found(full, "turn-allocation-failed")] == ["warning"]
    later = [*challenge(0), *allocate(50, given()), *allocate(60_000, (0x0113, error(486)), (A[0], 5000))]
    assert [each.severity for each in found(later, "turn-allocation-failed")] == ["error"]
