"""Media of phones that rang and were not the one to answer."""

from __future__ import annotations

import pytest

from tests.finding_cases.forks import OTHER, forked
from tests.finding_cases.plain import INVITE
from tests.finding_cases.presence import version
from tests.found import found, ids
from tests.stories import A, B, Story, Told, description, hung_up, report, request, response, talk

ID = "fork-still-sends"


def test_who_goes_on_after_another_was_accepted_is_named_with_how_long() -> None:
    (told,) = found([*forked(), *talk(OTHER, A, 79, start=400, seconds=10), *hung_up()], ID)
    assert "203.0.113.3 to 198.51.100.1: goes on for 9.4 s after another phone was accepted" in told.what
    assert (told.severity, told.certainty) == ("warning", "high")


def test_who_begins_after_another_was_accepted_is_named_too() -> None:
    (told,) = found([*forked(), *talk(OTHER, A, 79, start=3000, seconds=5), *hung_up()], ID)
    assert "sends 250 packets although another was accepted" in told.what


@pytest.mark.parametrize(("start", "seconds"), [(400, 0.6), (400, 2.5), (3000, 1)])
def test_what_crosses_the_answer_is_nothing(start: float, seconds: float) -> None:
    assert not found([*forked(), *talk(OTHER, A, 79, start=start, seconds=seconds), *hung_up()], ID)


def test_a_server_that_announces_for_two_branches_may_go_on() -> None:
    assert not found([*forked(OTHER), *talk(OTHER, A, 79, start=400, seconds=10), *hung_up()], ID)


def test_who_goes_on_to_the_fork_that_was_not_accepted_sends_to_the_wrong_phone() -> None:
    story = [told for told in forked() if told[3][8:12] != (77).to_bytes(4, "big")]
    there = [*story, *talk(A, OTHER, 77, start=400, seconds=10), *hung_up()]
    (told,) = found(there, "media-to-old-port")
    assert "goes on to port 18000 for 9.4 s after the call was accepted at 203.0.113.2:16402" in told.what
    both = [*story, *talk(A, OTHER, 77, start=400, seconds=0.6), *talk(A, B, 77, first=200, seconds=9), *hung_up()]
    assert not found(both, "media-to-old-port")


def test_an_answer_that_moved_the_port_when_it_became_final_is_followed_or_not() -> None:
    story = [
        INVITE, response(200, 183, "Session Progress", body=description(*B)),
        response(1000, 200, "OK", body=version(2, (B[0], 30_000))), request(1010, "ACK", tag="2"), *talk(B, A, 78),
    ]
    (told,) = found([*story, *talk(start=300, seconds=10), *hung_up()], "media-to-old-port")
    assert "goes on to port 16402 for 9.3 s after the call was accepted at 203.0.113.2:30000" in told.what
    followed = [*talk(start=300, seconds=0.7), *talk(A, (B[0], 30_000), 77, first=200)]
    assert not found([*story, *followed, *hung_up()], "media-to-old-port")


@pytest.mark.parametrize(("after", "told"), [(20, 0), (2000, 1)])
def test_an_answer_into_which_a_proxy_wrote_its_relay_on_the_way_moves_nothing(after: float, told: int) -> None:
    def progress(time: float, host: str, port: int) -> Told:
        return response(time, 183, "Session Progress", body=description(host, port))

    story = [
        INVITE, progress(200, *B), progress(200 + after, "203.0.113.9", 30_022), response(3000, 200, "OK"),
        request(3010, "ACK", tag="2"), *talk(start=300, seconds=12), *talk(B, A, 78, seconds=12), *hung_up(13_000),
    ]
    assert len(found(story, "media-to-old-port")) == told


def both_answer(*ended: Told) -> Story:
    """Two phones answer, and the caller keeps the first one."""
    second = [response(1100, 200, "OK", body=description(*OTHER), tag="3"), request(1110, "ACK", tag="3")]
    return [*forked(), *second, *ended]


def test_a_call_goes_on_where_the_second_phone_to_answer_is_hung_up() -> None:
    second = [request(1120, "BYE", number=2, tag="3"), response(1140, 200, "OK", "BYE", number=2, tag="3")]
    first = [request(11_000, "BYE", number=3, tag="2"), response(11_020, 200, "OK", "BYE", number=3)]
    made = report(both_answer(*second, *first))
    assert made.calls[0].ended == 11.0
    assert not ids(made) & {"media-after-bye", "media-to-old-port"}
    assert report(both_answer(*first[:1])).calls[0].ended == 11.0
    assert report(both_answer(*second)).calls[0].ended is None
