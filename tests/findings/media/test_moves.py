"""Ends of media that move during a call: who moved, who followed, and who drew them away."""

from __future__ import annotations

from tests.finding_cases.presence import ELSEWHERE, RANDOM, STRANGER, reinvite, version
from tests.found import found
from tests.made import Endpoint
from tests.stories import INNER, A, B, Story, description, dialled, hung_up, talk

MAPPED: Endpoint = (A[0], 61_002)
OWN = 0x0F0F0F0F


def moved(*back: Story) -> Story:
    """The caller sends from elsewhere as of its fifth second; the callee sends `back`."""
    sent = [*talk(ssrc=RANDOM, seconds=4), *talk(ELSEWHERE, B, RANDOM, start=5020, seconds=6, first=300)]
    return [*dialled(), *sent, *[each for story in back for each in story], *hung_up()]


def test_a_source_that_moves_alone_is_told_with_both_addresses_and_for_how_long() -> None:
    (told,) = found(moved(talk(B, A, 78)), "media-source-moved")
    assert told.what == (
        "SSRC 0x12345678, 198.51.100.1 to 203.0.113.2: comes from 203.0.113.99:20111 instead of 198.51.100.1:16402 as "
        "of 5.0 s into the call; the callee goes on to send to 198.51.100.1:16402 for 5.9 s"
    )
    assert (told.severity, told.certainty) == ("warning", "high")


def test_a_source_that_moved_and_said_so_is_told_by_the_rules_about_descriptions() -> None:
    said = reinvite(5000, version(2, ELSEWHERE), version(2, B), 2)
    assert not found([*moved(talk(B, A, 78)), *said], "media-source-moved")
    assert found([*moved(talk(B, A, 78)), *said], "media-to-old-port")


def drawn_away(ssrc: int = OWN, end: Endpoint = STRANGER) -> Story:
    """The callee's media turns to somebody who has just begun to send to it."""
    strange = talk(end, B, 99, start=5000, seconds=6)
    return [*strange, *talk(B, A, OWN, seconds=4), *talk(B, end, ssrc, start=5020, seconds=5.9, first=300)]


def test_who_draws_media_away_is_told_whether_or_not_the_source_keeps_its_ssrc() -> None:
    for ssrc in (OWN, 79):
        (told,) = found([*dialled(), *talk(), *drawn_away(ssrc), *hung_up()], "media-diverted")
        assert told.what == (
            "the callee's media goes to 203.0.113.77:33333 as of 5.0 s into the call, 0.02 s after that began to send "
            "to the callee; nobody announced it, and the caller sends on from 198.51.100.1:16402 and hears nothing more"
        )
        assert (told.severity, told.certainty) == ("error", "high")


def test_a_peer_that_moved_itself_or_has_another_port_at_its_nat_is_no_stranger() -> None:
    assert not found([*dialled(), *talk(seconds=4), *drawn_away(), *hung_up()], "media-diverted")
    assert not found([*dialled(), *talk(), *drawn_away(end=MAPPED), *hung_up()], "media-diverted")


def test_who_signals_or_was_there_before_the_call_is_no_stranger() -> None:
    """What is left of the call before on a port of the server gives way to the phone of this one."""
    here, there = ("203.0.113.77", 5060), (B[0], 5060)
    calling = [(time, *[here if end == A else there for end in ends], octets) for time, *ends, octets in dialled()]
    assert not found([*calling, *talk(), *drawn_away(end=(here[0], 61_000)), *hung_up()], "media-diverted")
    left_over = talk((A[0], 30_000), B, 97, start=0, seconds=12)
    later = [(time + 1000, *rest) for time, *rest in dialled()]
    drawn = [*talk(B, (A[0], 30_000), OWN, start=2000, seconds=3), *drawn_away()[300:]]
    assert not found([*left_over, *later, *drawn, *hung_up()], "media-diverted")


def test_a_side_that_sends_from_beside_its_announced_port_receives_there() -> None:
    for end in ((A[0], 16_500), ("198.51.100.2", 16_402)):
        sent = [*talk(ssrc=RANDOM, seconds=4), *talk(end, B, RANDOM, start=5020, seconds=6, first=300)]
        assert not found([*dialled(), *sent, *talk(B, A, 78), *hung_up()], "media-source-moved")


def test_what_was_agreed_just_then_or_is_chosen_by_ice_is_nobodys_doing() -> None:
    again = reinvite(4500, version(2), version(2, B), 2)
    assert not found([*dialled(), *talk(), *drawn_away(), *again, *hung_up()], "media-diverted")
    offer = description(*A, "a=candidate:1 1 udp 1 198.51.100.7 4000 typ srflx")
    assert not found([*dialled(offer), *talk(), *drawn_away(), *hung_up()], "media-diverted")


def test_media_that_follow_to_where_the_peer_really_is_go_to_no_address_that_cannot_be_reached() -> None:
    """A server sends to the announced private address until it has heard the phone."""
    first, then = talk(B, INNER, OWN, seconds=1), talk(B, A, OWN, start=2020, seconds=8.9, first=150)
    story = [*dialled(description(*INNER)), *talk(start=2000, seconds=9), *first, *then, *hung_up()]
    (told,) = found(story, "media-address-differs")
    assert (told.severity, told.what) == (
        "note", "the caller announces 10.0.0.5; its media comes from 198.51.100.1",
    )
